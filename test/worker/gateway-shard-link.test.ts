import { afterEach, beforeEach, expect, test } from 'vitest'
import { ShardLink } from '../../worker/live/gateway-shard-link.ts'
import { TestCollector } from './collector.ts'
import { openGateway } from './gateway-socket.ts'
import { TestSocket } from './socket.ts'
import { setLease } from './store.ts'

const SILENT_MS = 200
const DOWN = { beat: { feed: 'down', upstream_age_ms: null } }
let link: ShardLink | null = null
let shards: TestSocket[] = []
let isHung = false

beforeEach(() => {
  shards = []
  isHung = false
})
afterEach(() => link?.close())

/** A link to a shard without a collector, which answers until it hangs. */
function open(): ShardLink {
  const connect = async () => {
    const { 0: client, 1: server } = new WebSocketPair()
    const shard = new TestSocket(server, (message) => {
      if ('watch' in message && !isHung) shard.send(DOWN)
    })
    shards.push(shard)
    client.accept()
    shard.send(DOWN)
    return client
  }
  const nothing = () => {}
  const events = {
    declared: () => [],
    items: nothing,
    directory: nothing,
    hole: nothing,
    anew: nothing,
    word: nothing,
    refused: nothing,
  }
  link = new ShardLink(connect, events, null)
  return link
}

test('a link to a shard without a collector is asked whether it lives, and cut when it does not answer', async () => {
  const opened = open()
  const probes = () => {
    opened.check(SILENT_MS)
    return shards[0]?.messages.length ?? 0
  }
  await expect.poll(probes, { interval: 10 }).toBe(3)
  expect(shards).toHaveLength(1)
  isHung = true
  const count = () => {
    opened.check(SILENT_MS)
    return shards.length
  }
  await expect.poll(count, { interval: 10, timeout: 3000 }).toBe(2)
  expect(shards[0]?.messages).toEqual([{ watch: [] }, { watch: [] }, { watch: [] }, { watch: [] }])
})

test('a shard answers a watch of nothing with a beat, whether or not it hears a collector', async () => {
  const epoch = 17_000
  await setLease(epoch)
  const collector = new TestCollector(epoch)
  await collector.connect()
  collector.fallSilent()
  const gateway = await openGateway('asks')
  await gateway.nextWith('beat')
  gateway.send({ watch: [] })
  expect(await gateway.nextWith('beat')).toHaveProperty('beat.feed')
  gateway.close()
})

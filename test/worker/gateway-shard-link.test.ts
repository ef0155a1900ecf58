import { afterEach, beforeEach, expect, test, vi } from 'vitest'
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
/** Messages that came to the link. */
let heard = 0

beforeEach(() => {
  shards = []
  isHung = false
  heard = 0
})
afterEach(() => {
  link?.close()
  vi.restoreAllMocks()
})

/** A link to a shard without a collector, which answers until it hangs. */
function open(): ShardLink {
  const connect = async () => {
    const { 0: client, 1: server } = new WebSocketPair()
    const shard = new TestSocket(server, (message) => {
      if ('watch' in message && !isHung) shard.send(DOWN)
    })
    shards.push(shard)
    client.addEventListener('message', () => {
      heard += 1
    })
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
  // Time passes here alone: a machine that stands still for a moment is no silent shard.
  let nowMs = Date.now()
  vi.spyOn(Date, 'now').mockImplementation(() => nowMs)
  const opened = open()
  const pass = (ms: number) => {
    nowMs += ms
    opened.check(SILENT_MS)
  }
  await expect.poll(() => heard).toBe(1)
  for (const answers of [2, 3, 4]) {
    pass(SILENT_MS / 2 + 1)
    pass(1)
    await expect.poll(() => heard).toBe(answers)
  }
  isHung = true
  pass(SILENT_MS / 2 + 1)
  await expect.poll(() => shards[0]?.messages.length).toBe(4)
  pass(SILENT_MS / 2 - 1)
  expect(opened.word).toBe('down')
  expect(shards).toHaveLength(1)
  pass(1)
  await expect.poll(() => shards.length).toBe(2)
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

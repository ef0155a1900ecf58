import schema from '@asyncapi/specs/schemas/3.0.0.json' with { type: 'json' }
import { Ajv } from 'ajv'
import { expect, test } from 'vitest'
import { STREAM_CLOSE, STREAM_ERRORS, serverMessage, streamMessages } from '#core/wire/stream'
import { marketStreamCommand, STREAM_OPS, streamCommand } from '#core/wire/stream-command'
import { FollowedBook } from '../client/followed-book.ts'
import { describeStream } from '../worker/describe-stream.ts'
import { STREAM_EXAMPLES } from '../worker/stream-examples.ts'
import { describedAs, document, expectDescribed } from './described-stream.ts'

const { channels, components, operations } = document
const messages = Object.entries(components.messages)

/** What a reference of the document leads to. */
function follow(pointer: string): unknown {
  const found: { value: unknown } = { value: document }
  for (const name of pointer.replace('#/', '').split('/')) {
    found.value = (found.value as Record<string, unknown> | undefined)?.[name]
  }
  return found.value
}

test.each(['https://kalshibook.test', 'http://127.0.0.1:8787', ''])(
  'the document is AsyncAPI 3.0, served at "%s"',
  (publicUrl) => {
    const ajv = new Ajv({
      strict: false,
      validateFormats: false,
      // It brings the schema of schemas along.
      meta: false,
      validateSchema: false,
    })
    const check = ajv.compile(schema)
    const told = JSON.parse(JSON.stringify(describeStream(publicUrl)))
    expect(check(told), JSON.stringify(check.errors?.slice(0, 5))).toBe(true)
    expect(check({ ...told, channels: { a: { addres: '/v1/stream' } } })).toBe(false)
  },
)

test('it names its server, and no other is made up', () => {
  expect(document.servers?.edge).toMatchObject({ host: 'kalshibook.test', protocol: 'wss' })
  const local = describeStream('http://127.0.0.1:8787')
  expect(local.servers?.edge).toMatchObject({ host: '127.0.0.1:8787', protocol: 'ws' })
  expect(describeStream('').servers).toBeUndefined()
})

test('every reference leads to something', () => {
  const pointers = [...JSON.stringify(document).matchAll(/"\$ref":"([^"]+)"/g)]
  expect(pointers.length).toBeGreaterThan(60)
  for (const [, pointer = ''] of pointers) expect(follow(pointer), pointer).toBeDefined()
})

test('every example is a message of its name, and of no other', () => {
  for (const [name, { examples }] of messages) {
    expect(examples).toHaveLength(1)
    // One that both streams take is one of theirs, whatever it is called.
    const names = describedAs(examples[0]?.payload)
    const same = name.replace('Market', '')
    expect(
      names.map((each) => each.replace('Market', '')),
      name,
    ).toContain(same)
    expect(new Set(names.map((each) => each.replace('Market', ''))).size, name).toBe(1)
  }
})

test('every message that we say is described, and has words and an example', () => {
  for (const name of Object.keys(streamMessages)) {
    const { summary, examples } = components.messages[name] ?? {}
    expect(summary?.length, name).toBeGreaterThan(10)
    expect(serverMessage.safeParse(examples?.[0]?.payload).error, name).toBeUndefined()
    expectDescribed(examples?.[0]?.payload)
  }
})

test('every example of what a customer says is obeyed', () => {
  const example = (pointer: string) =>
    (follow(pointer) as { $ref: string }).$ref.replace('#/components/messages/', '')
  for (const op of STREAM_OPS) {
    for (const [channel, commands] of [
      ['stream', streamCommand],
      ['marketStream', marketStreamCommand],
    ] as const) {
      const operation = follow(`#/operations/${channel}.${op}`) as {
        messages: { $ref: string }[]
      }
      const name = example(operation.messages[0]?.$ref ?? '')
      const payload = components.messages[name]?.examples[0]?.payload
      expect(commands.safeParse(payload).error, name).toBeUndefined()
    }
  }
})

test('the examples tell one story, in which the reader’s rule and every checksum hold', () => {
  const { image, deltas, levels, gap, snapshot, end } = STREAM_EXAMPLES
  const book = new FollowedBook(image.market, { broken: false })
  for (const message of [image, deltas, gap, snapshot, end]) {
    expect(book.take(message, 'all'), message.type).not.toBeNull()
    expect(book.stale, message.type).toBe(false)
  }
  expect(book).toMatchObject({ kind: 'closed', seq: end.seq, endReason: 'settled' })
  expect(levels.checksum).toBe(deltas.checksum)
  const wrong = new FollowedBook(image.market, { broken: false })
  wrong.take({ ...image, full_checksum: 1, checksum: 1 }, 'all')
  expect(wrong.stale).toBe(true)
})

test('every close code, every error and the rules for readers are told', () => {
  const { description } = document.info
  for (const code of [...Object.values(STREAM_CLOSE), 1008]) {
    expect(description).toMatch(new RegExp(`^\\* ${code}: .{10}`, 'm'))
  }
  for (const code of STREAM_ERRORS)
    expect(description).toMatch(new RegExp(`^\\* \`${code}\`: `, 'm'))
  for (const word of ['reader’s rule', 'CRC-32', 'resume_ahead', 'kbt_']) {
    expect(description).toContain(word)
  }
})

test('what a market’s stream never says is not among what it says', () => {
  const said = operations['marketStream.say']?.messages.map(({ $ref }) => $ref)
  expect(said).toHaveLength(Object.keys(streamMessages).length - 4)
  expect(Object.keys(channels.marketStream.messages)).not.toContain('joined')
})

test('a message with a field too many, too few or of another kind is not described', () => {
  const { image } = Object.fromEntries(messages)
  const whole = image?.examples[0]?.payload as Record<string, unknown>
  const { checksum: _, ...less } = whole
  for (const wrong of [{ ...whole, surprise: 1 }, less, { ...whole, seq: '7' }, {}, null, 'pong']) {
    expect(describedAs(wrong)).toEqual([])
  }
})

import { z } from 'zod'
import { foldJson } from '../build/fold-json.mjs'
import { type Block, blocksOf } from './block.ts'
import { fieldsOf } from './schema-fields.ts'

const reference = z.object({ $ref: z.string() })
const asyncapiDocument = z.object({
  info: z.object({ description: z.string() }),
  channels: z.record(
    z.string(),
    z.object({
      address: z.string(),
      title: z.string(),
      description: z.string(),
      messages: z.record(z.string(), reference),
    }),
  ),
  components: z.object({
    messages: z.record(
      z.string(),
      z.object({
        summary: z.string(),
        payload: z.looseObject({}),
        examples: z.array(z.object({ payload: z.unknown() })),
      }),
    ),
  }),
})
type Messages = z.infer<typeof asyncapiDocument>['components']['messages']

/** The reference of the streams, from what they say of themselves. Throws a ZodError when that is no such document. */
export function describeStreams(document: unknown): Block[] {
  const { info, channels, components } = asyncapiDocument.parse(document)
  const { messages } = components
  const names = Object.keys(messages)
  const [said, asked] = [
    names.filter((name) => !isCommand(name)),
    names.filter((name) => isCommand(name)),
  ]
  const alone = Object.values(channels).map(
    ({ address, title, description }) => `\`${address}\`: ${title.toLowerCase()}. ${description}.`,
  )
  const [first = '', ...rules] = info.description.split('\n\n')
  return [
    { kind: 'text', text: first },
    { kind: 'list', items: alone },
    { kind: 'heading', depth: 2, id: 'rules', text: 'Rules' },
    ...blocksOf(rules.join('\n\n')),
    { kind: 'heading', depth: 2, id: 'what-you-say', text: 'What you say' },
    ...asked.flatMap((name) => describeMessage(messages, name, placesOf(channels, name))),
    { kind: 'heading', depth: 2, id: 'what-you-hear', text: 'What you hear' },
    ...said.flatMap((name) => describeMessage(messages, name, placesOf(channels, name))),
  ]
}

function isCommand(name: string): boolean {
  return name.endsWith('Command')
}

/** `subscribeCommand` is what somebody says as `subscribe`. */
function titleOf(name: string): string {
  return name.replace('MarketCommand', ' (one market)').replace('Command', '')
}

/** Where a message is said, when it is not on both streams. */
function placesOf(channels: z.infer<typeof asyncapiDocument>['channels'], name: string): string {
  const places = Object.values(channels).filter(({ messages }) => Object.hasOwn(messages, name))
  if (places.length !== 1) return ''
  return ` Only on \`${places.map(({ address }) => address).join('')}\`.`
}

function describeMessage(messages: Messages, name: string, place: string): Block[] {
  const message = messages[name]
  if (message === undefined) return []
  const rows = fieldsOf(message.payload, () => ({})).map((field) => [
    `\`${field.name}\``,
    field.type,
    field.words,
  ])
  return [
    { kind: 'heading', depth: 3, id: name, text: titleOf(name) },
    { kind: 'text', text: `${message.summary}.${place}` },
    ...message.examples.map(
      ({ payload }): Block => ({ kind: 'code', language: 'json', text: foldJson(payload) }),
    ),
    {
      kind: 'more',
      summary: 'Every field',
      blocks: [{ kind: 'table', head: ['Field', 'Is', 'What it says'], rows }],
    },
  ]
}

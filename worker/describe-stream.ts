import { z } from 'zod'
import { STREAM_CLOSE, type StreamMessageName, streamMessages } from '#core/wire/stream'
import { marketStreamCommands, streamCommands } from '#core/wire/stream-command'
import { COMMAND_EXAMPLES, MARKET_COMMAND_EXAMPLES, STREAM_EXAMPLES } from './stream-examples.ts'
import { CLOSE_WORDS, ERROR_WORDS, MESSAGE_WORDS, RULES } from './stream-words.ts'

const COMMAND_WORDS: Readonly<Record<keyof typeof streamCommands, string>> = {
  subscribe: 'Asks for markets; subscribed or an error answers',
  unsubscribe: 'Ends a subscription',
  resync: 'Asks for an image of a market, by a reader whose book is in doubt',
  ping: 'Asks for a pong',
}
/** What answers what. */
const REPLIES: Readonly<Record<keyof typeof streamCommands, readonly StreamMessageName[]>> = {
  subscribe: ['subscribed', 'error'],
  unsubscribe: ['unsubscribed', 'error'],
  resync: ['image', 'gap', 'error'],
  ping: ['pong'],
}
/** Close codes that every websocket knows (RFC 6455). */
const OTHER_CLOSES = [
  '1008: messages that cannot be understood came',
  '1013: the account could not be reached for too long: come again',
]
/** Said on `/v1/stream` alone. */
const OF_MANY: readonly StreamMessageName[] = ['levels', 'joined', 'left', 'warning']

const SECURITY_SCHEMES = {
  bearer: { type: 'http', scheme: 'bearer', description: 'An API key of scope live: kb_live_…' },
  apiKey: {
    type: 'httpApiKey',
    in: 'header',
    name: 'X-API-Key',
    description: 'The same API key',
  },
  ticket: {
    type: 'httpApiKey',
    in: 'header',
    name: 'Sec-WebSocket-Protocol',
    description:
      '`kb.v1, kbt_…`: a ticket from POST /v1/stream/tickets, offered beside the subprotocol; the answer names kb.v1',
  },
} as const

/** Describes both streams as AsyncAPI 3.0. @param publicUrl the address of the API; '' when it is not known */
export function describeStream(publicUrl: string) {
  const names = Object.keys(streamMessages) as StreamMessageName[]
  const ofOne = names.filter((name) => !OF_MANY.includes(name))
  const [many, one] = [Object.keys(streamCommands), Object.keys(marketStreamCommands)]
  return {
    asyncapi: '3.0.0',
    info: { title: 'KalshiBook streams', version: '1.0.0', description: about() },
    defaultContentType: 'application/json',
    ...(publicUrl === '' ? {} : { servers: { edge: serverOf(new URL(publicUrl)) } }),
    channels: {
      stream: {
        address: '/v1/stream',
        title: 'Any markets',
        description: 'One socket follows any number of markets that the plan allows',
        messages: refs([...names, ...many.map(commandName)]),
        bindings: { ws: { method: 'GET' } },
      },
      marketStream: {
        address: '/v1/markets/{ticker}/stream',
        title: 'One market',
        description: 'One market as it is recorded: all levels, every record',
        parameters: {
          ticker: {
            description: 'The ticker of the market',
            examples: [STREAM_EXAMPLES.image.market],
          },
        },
        messages: refs([...ofOne, ...one.map(marketCommandName)]),
        bindings: { ws: { method: 'GET' } },
      },
    },
    operations: {
      ...operationsOf('stream', names, many, commandName),
      ...operationsOf('marketStream', ofOne, one, marketCommandName),
    },
    components: {
      messages: {
        ...Object.fromEntries(
          names.map((name) => [
            name,
            messageOf(name, streamMessages[name], MESSAGE_WORDS[name], STREAM_EXAMPLES[name]),
          ]),
        ),
        ...commandsOf(streamCommands, COMMAND_EXAMPLES, commandName),
        ...commandsOf(marketStreamCommands, MARKET_COMMAND_EXAMPLES, marketCommandName),
      },
      securitySchemes: SECURITY_SCHEMES,
    },
  }
}

function about(): string {
  const listed = (lines: readonly string[]) => lines.map((line) => `* ${line}`).join('\n')
  const errors = Object.entries(ERROR_WORDS).map(([code, words]) => `\`${code}\`: ${words}`)
  const closes = Object.entries(CLOSE_WORDS).map(
    ([name, words]) => `${STREAM_CLOSE[name as keyof typeof STREAM_CLOSE]}: ${words}`,
  )
  return `Order books of the Kalshi exchange as they change, over websockets. What is served is what the exchange said; where we do not know, we say so.

${RULES}

**Errors.**

${listed(errors)}

**Close codes.**

${listed([...closes, ...OTHER_CLOSES])}`
}

function serverOf({ host, protocol }: URL) {
  const security = Object.keys(SECURITY_SCHEMES).map((name) => ({
    $ref: `#/components/securitySchemes/${name}`,
  }))
  return { host, protocol: protocol === 'http:' ? 'ws' : 'wss', security }
}

const commandName = (op: string) => `${op}Command`
const marketCommandName = (op: string) =>
  op === 'subscribe' || op === 'resync' ? `${op}MarketCommand` : `${op}Command`

function refs(names: readonly string[]) {
  return Object.fromEntries(names.map((name) => [name, { $ref: `#/components/messages/${name}` }]))
}

function messageOf(name: string, schema: z.ZodType, words: string, example: unknown) {
  // What is asked for without a field that has a default is what is shown; fields we add later are no fault.
  const { $schema: _, ...payload } = z.toJSONSchema(schema, { target: 'draft-7', io: 'input' })
  return { name, summary: words, payload, examples: [{ name: 'example', payload: example }] }
}

function commandsOf<Op extends keyof typeof streamCommands>(
  commands: Readonly<Record<Op, z.ZodType>>,
  examples: Readonly<Record<Op, unknown>>,
  nameOf: (op: string) => string,
) {
  return Object.fromEntries(
    (Object.keys(commands) as Op[]).map((op) => [
      nameOf(op),
      messageOf(nameOf(op), commands[op], COMMAND_WORDS[op], examples[op]),
    ]),
  )
}

type Reference = { readonly $ref: string }
type Operation = {
  readonly action: 'send' | 'receive'
  readonly channel: Reference
  readonly summary: string
  readonly messages: readonly Reference[]
  readonly reply?: { readonly channel: Reference; readonly messages: readonly Reference[] }
}

/** What our side sends, and what it receives with what answers it. */
function operationsOf(
  channel: string,
  said: readonly StreamMessageName[],
  ops: readonly string[],
  nameOf: (op: string) => string,
): Record<string, Operation> {
  const at = { $ref: `#/channels/${channel}` }
  const pick = (names: readonly string[]) =>
    names.map((name) => ({ $ref: `#/channels/${channel}/messages/${name}` }))
  const heard = ops.map((op): [string, Operation] => [
    `${channel}.${op}`,
    {
      action: 'receive',
      channel: at,
      summary: COMMAND_WORDS[op as keyof typeof streamCommands],
      messages: pick([nameOf(op)]),
      reply: { channel: at, messages: pick(REPLIES[op as keyof typeof streamCommands]) },
    },
  ])
  const summary = 'What a subscriber hears'
  return {
    [`${channel}.say`]: { action: 'send', channel: at, summary, messages: pick(said) },
    ...Object.fromEntries(heard),
  }
}

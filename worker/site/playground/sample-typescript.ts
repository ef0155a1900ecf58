import type { Call } from './call.ts'
import { CSV_FORMAT, JSON_FORMAT, NDJSON_FORMAT } from './operation.ts'

const KEY = 'process.env.KALSHIBOOK_KEY'

/** A call in TypeScript: by our client where it does the same, else by fetch. */
export function typescriptSample(call: Call, origin: string): string {
  if (call.subscribe !== null) return liveSample(call, origin)
  return pastSample(call, origin) ?? fetchSample(call, origin)
}

function fetchSample({ operation, method, path, accept, body }: Call, origin: string): string {
  const headers = [
    ...(operation.open ? [] : [`authorization: \`Bearer \${${KEY}}\``]),
    ...(accept === null ? [] : [`accept: ${quoted(accept)}`]),
    ...(body === null ? [] : [`'content-type': ${quoted(JSON_FORMAT)}`]),
  ]
  const init = [
    ...(method === 'GET' ? [] : [`method: ${quoted(method)}`]),
    ...(headers.length === 0
      ? []
      : [`headers: {\n${headers.map((each) => `    ${each},\n`).join('')}  }`]),
    ...(body === null ? [] : [`body: ${quoted(body)}`]),
  ]
  const options = init.length === 0 ? '' : `, {\n${init.map((each) => `  ${each},\n`).join('')}}`
  return `const answer = await fetch(${quoted(origin + path)}${options})
if (!answer.ok) throw new Error(await answer.text())
${READING[accept ?? JSON_FORMAT] ?? READING[JSON_FORMAT]}`
}

const READING: Readonly<Record<string, string>> = {
  [JSON_FORMAT]: 'console.log(await answer.json())\n',
  [NDJSON_FORMAT]: `for (const line of (await answer.text()).trimEnd().split('\\n')) {
  console.log(JSON.parse(line))
}
`,
  [CSV_FORMAT]: 'console.log(await answer.text())\n',
}

/** What `client/past-log.ts` asks for, it asks for so and not otherwise. */
const PAST_QUERY = ['layout', 'from', 'to', 'cursor', 'tickers']

function pastSample({ path, accept }: Call, origin: string): string | null {
  const { pathname, searchParams } = new URL(path, origin)
  const asked = Object.fromEntries(searchParams)
  const same = asked['layout'] === 'stream' && accept === NDJSON_FORMAT
  if (!same || !Object.keys(asked).every((name) => PAST_QUERY.includes(name))) return null
  const [, kind, name = ''] = /^\/v1\/(?:(markets|events)\/([^/]+)\/)?deltas$/.exec(pathname) ?? []
  const of =
    kind === undefined
      ? `{ markets: [${(asked['tickers'] ?? '').split(',').map(quoted).join(', ')}] }`
      : `{ ${kind === 'markets' ? 'market' : 'event'}: ${quoted(decodeURIComponent(name))} }`
  const range = ['from', 'to', 'cursor'].flatMap((each) => {
    const text = asked[each]
    return text === undefined ? [] : [`  ${each}: ${quoted(text)},\n`]
  })
  return `import { PastLog } from './client/past-log.ts'

const log = new PastLog({
  url: ${quoted(origin)},
  apiKey: ${KEY} ?? '',
  of: ${of},
${range.join('')}})
for await (const event of log) {
  console.log(event)
}
`
}

function liveSample({ operation, path, subscribe }: Call, origin: string): string {
  const asked = JSON.parse(subscribe ?? '{}') as Readonly<Record<string, unknown>>
  const one = operation.path.includes('{ticker}')
  const market = one ? `, market: ${quoted(decodeURIComponent(path.split('/')[3] ?? ''))}` : ''
  const names = {
    markets: 'markets',
    channels: 'channels',
    depth: 'depth',
    conflate_ms: 'conflateMs',
  }
  const selection = Object.entries(names).flatMap(([name, ours]) =>
    asked[name] === undefined ? [] : [`  ${ours}: ${literal(asked[name])},\n`],
  )
  return `import { LiveStream } from './client/live.ts'

const apiKey = ${KEY} ?? ''
const stream = new LiveStream({ url: ${quoted(origin)}, apiKey${market} })
stream.subscribe({
${selection.join('')}})
for await (const event of stream) {
  console.log(event)
}
`
}

function literal(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(literal).join(', ')}]`
  return typeof value === 'string' ? quoted(value) : JSON.stringify(value)
}

/** A text between single quotes, as our code has it. */
function quoted(text: string): string {
  const inside = JSON.stringify(text).slice(1, -1).replaceAll('\\"', '"').replaceAll("'", "\\'")
  return `'${inside}'`
}

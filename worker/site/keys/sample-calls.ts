/** A call that a key of these scopes may make whatever is traded. */
export function firstPath(scopes: readonly string[]): string {
  return scopes.includes('live') || scopes.includes('history')
    ? '/v1/markets?limit=3'
    : '/v1/limits'
}

/** The call as a command. @param path with its query */
export function curlSample(origin: string, path: string, key: string): string {
  return `curl -H 'Authorization: Bearer ${key}' \\\n  '${origin}${path}'`
}

/** The call in TypeScript, by itself. */
export function fetchSample(origin: string, path: string, key: string): string {
  return `const answer = await fetch('${origin}${path}', {
  headers: { authorization: 'Bearer ${key}' },
})
console.log(await answer.json())`
}

/** A live book in TypeScript, by the client. */
export function clientSample(origin: string, key: string): string {
  return `import { LiveStream } from './client/live.ts'

const url = '${origin}'
const apiKey = '${key}'
const headers = { authorization: \`Bearer \${apiKey}\` }
const answer = await fetch(\`\${url}/v1/markets?limit=1\`, { headers })
const { data: [market] } = await answer.json()
const stream = new LiveStream({ url, apiKey })
stream.subscribe({ markets: [market.ticker], channels: ['book', 'trade'] })
for await (const event of stream) {
  console.log(event.type, stream.book(market.ticker)?.view(1))
}`
}

/** The call in Python, by what comes with it. */
export function pythonSample(origin: string, path: string, key: string): string {
  return `import json
from urllib.request import Request, urlopen

call = Request(
    '${origin}${path}',
    headers={'Authorization': 'Bearer ${key}'},
)
with urlopen(call) as answer:
    print(json.load(answer))`
}

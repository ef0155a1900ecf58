import type { Call } from './call.ts'
import { CSV_FORMAT, JSON_FORMAT, NDJSON_FORMAT } from './operation.ts'

const KEY = '"Authorization": "Bearer " + os.environ["KALSHIBOOK_KEY"]'

/** A call in Python, by its standard library; streams by the package `websockets`. */
export function pythonSample(call: Call, origin: string): string {
  const { operation, path, accept, body, subscribe } = call
  // What JSON writes as a text, Python reads as the same text.
  const address = JSON.stringify(origin + path)
  if (subscribe !== null) {
    return `import os
from websockets.sync.client import connect  # pip install websockets

with connect(
    ${JSON.stringify(origin.replace(/^http/, 'ws') + path)},
    additional_headers={${KEY}},
) as stream:
    stream.send(${JSON.stringify(subscribe)})
    for message in stream:
        print(message)
`
  }
  const headers = [
    ...(operation.open ? [] : [KEY]),
    ...(accept === null ? [] : [`"Accept": ${JSON.stringify(accept)}`]),
    ...(body === null ? [] : [`"Content-Type": ${JSON.stringify(JSON_FORMAT)}`]),
  ]
  const parts = [
    address,
    ...(body === null ? [] : [`data=${JSON.stringify(body)}.encode()`]),
    ...(headers.length === 0 ? [] : [`headers={\n${lines(headers, 8)}    }`]),
  ]
  const modules = [
    ...(accept === CSV_FORMAT ? [] : ['json']),
    ...(operation.open ? [] : ['os']),
    'urllib.request',
  ]
  return `${modules.map((name) => `import ${name}\n`).join('')}
request = urllib.request.Request(
${lines(parts, 4)})
with urllib.request.urlopen(request) as answer:
${READING[accept ?? JSON_FORMAT] ?? READING[JSON_FORMAT]}`
}

const READING: Readonly<Record<string, string>> = {
  [JSON_FORMAT]: '    print(json.load(answer))\n',
  [NDJSON_FORMAT]: '    for line in answer:\n        print(json.loads(line))\n',
  [CSV_FORMAT]: '    for line in answer:\n        print(line.decode(), end="")\n',
}

function lines(parts: readonly string[], indent: number): string {
  return parts.map((part) => `${' '.repeat(indent)}${part},\n`).join('')
}

import type { Call } from './call.ts'
import { JSON_FORMAT } from './operation.ts'
import { pythonSample } from './sample-python.ts'
import { typescriptSample } from './sample-typescript.ts'

/** The languages in which a call is shown. */
export const LANGUAGES = ['curl', 'TypeScript', 'Python'] as const
export type Language = (typeof LANGUAGES)[number]

/** The same call as text to be pasted; the key is taken from the variable KALSHIBOOK_KEY. @param origin of the API, `https://…` */
export function sampleOf(language: Language, call: Call, origin: string): string {
  switch (language) {
    case 'curl':
      return shellSample(call, origin)
    case 'TypeScript':
      return typescriptSample(call, origin)
    case 'Python':
      return pythonSample(call, origin)
  }
}

function shellSample(call: Call, origin: string): string {
  const { operation, accept, body, subscribe, path } = call
  const key = operation.open ? [] : [`-H "Authorization: Bearer $KALSHIBOOK_KEY"`]
  if (subscribe !== null) {
    // curl opens a websocket, but says nothing on it.
    const socket = quoted(origin.replace(/^http/, 'ws') + path)
    return `printf '%s\\n' ${quoted(subscribe)} |\n  websocat -n ${key.join(' ')} \\\n  ${socket}\n`
  }
  const parts = [
    ...key,
    ...(accept === null ? [] : [`-H ${quoted(`Accept: ${accept}`)}`]),
    ...(body === null
      ? []
      : [`-H ${quoted(`Content-Type: ${JSON_FORMAT}`)}`, `-d ${quoted(body)}`]),
    quoted(origin + path),
  ]
  return `curl ${parts.join(' \\\n  ')}\n`
}

/** One word of a shell's, whatever is in it. */
function quoted(text: string): string {
  return `'${text.replaceAll("'", "'\\''")}'`
}

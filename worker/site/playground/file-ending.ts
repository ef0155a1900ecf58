import { NDJSON_FORMAT } from './operation.ts'

/** Whether a file is all that was asked for: NDJSON says so in its last line; CSV cannot, what breaks off is no answer. */
export type FileEnding =
  | { readonly kind: 'whole' }
  /** There is more than its limit. */
  | { readonly kind: 'part' }
  | { readonly kind: 'broken'; readonly message: string }

/** The last line, which may name holes, is no longer than this, bytes. */
const LAST = 1_000_000

/** How a file of the API's ends. */
export async function endingOf(file: Blob): Promise<FileEnding> {
  if (!file.type.startsWith(NDJSON_FORMAT)) return { kind: 'whole' }
  const text = await file.slice(-LAST).text()
  const last = text.trimEnd().split('\n').at(-1) ?? ''
  const said = parsed(last)
  // The end of a market's log has no number of records.
  if (said?.type === 'end' && typeof said.records === 'number') {
    return { kind: typeof said.cursor === 'string' ? 'part' : 'whole' }
  }
  const told = said?.type === 'error' && typeof said.message === 'string'
  return { kind: 'broken', message: told ? String(said.message) : 'its last line is missing' }
}

type LastLine = {
  readonly type?: unknown
  readonly records?: unknown
  readonly cursor?: unknown
  readonly message?: unknown
}

function parsed(line: string): LastLine | null {
  try {
    const said: unknown = JSON.parse(line)
    return typeof said === 'object' ? said : null
  } catch {
    return null
  }
}

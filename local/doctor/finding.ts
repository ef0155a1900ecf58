/** What the doctor found of one thing. */
export type Finding = {
  readonly state: 'ok' | 'wrong' | 'skipped'
  /** What was looked at. */
  readonly about: string
  /** What is so, or what is wrong and what to do; why it could not be looked at. */
  readonly text: string
}

/** That which was looked at is as it should be. */
export function ok(about: string, text: string): Finding {
  return { state: 'ok', about, text }
}

/** Something is not as it should be; `text` says what to do. */
export function wrong(about: string, text: string): Finding {
  return { state: 'wrong', about, text }
}

/** It could not be looked at; `text` says why. */
export function skipped(about: string, text: string): Finding {
  return { state: 'skipped', about, text }
}

/** One line of the report. */
export function printFinding({ state, about, text }: Finding): string {
  const mark = { ok: 'ok     ', wrong: 'WRONG  ', skipped: 'skipped' }[state]
  return `${mark} ${about}: ${text}`
}

/** What went wrong, for a line: never more than its first, and no address with a password in it. */
export function reasonOf(error: unknown): string {
  const { code, message } = error as { readonly code?: unknown; readonly message?: unknown }
  const line = String(message ?? error).split('\n')[0] ?? ''
  const plain = line.replace(/\/\/[^@\s/]+@/g, '//…@')
  return typeof code === 'string' && !plain.includes(code) ? `${code} ${plain}` : plain
}

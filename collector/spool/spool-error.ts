/** `held`: another process has the folder. `format`: a later version wrote it. `disk`: the file system refuses. */
export type SpoolErrorCode = 'held' | 'format' | 'disk'

/** The spool cannot do what it was asked for. */
export class SpoolError extends Error {
  readonly code: SpoolErrorCode

  constructor(code: SpoolErrorCode, message: string, cause?: unknown) {
    super(message, { cause })
    this.name = 'SpoolError'
    this.code = code
  }
}

/** What the file system said, in one word where it has one. */
export function diskDetail(error: unknown): string {
  if (error instanceof Error && 'code' in error) return String(error.code)
  return error instanceof Error ? error.message : String(error)
}

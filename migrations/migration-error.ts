const MEANINGS = {
  migration_name: 'is not named NNNN_name.sql',
  migration_number_duplicate: 'has a number that is already used',
  migration_number_gap: 'leaves out a number',
  migration_changed: 'was applied with another text; applied files never change',
  migration_missing: 'was applied, but the folder does not hold it',
  migration_failed: 'failed and was rolled back',
} as const

export type MigrationErrorCode = keyof typeof MEANINGS

/** Why the schema could not be brought up to date: a code, the file it is about, and Postgres's error as the cause. */
export class MigrationError extends Error {
  readonly code: MigrationErrorCode
  readonly file: string

  constructor(code: MigrationErrorCode, file: string, cause?: unknown) {
    const detail = cause instanceof Error ? `: ${cause.message}` : ''
    super(`migration ${file} ${MEANINGS[code]}${detail}`, { cause })
    this.name = 'MigrationError'
    this.code = code
    this.file = file
  }
}

import type { Sql } from 'postgres'

/** A statement with its parameters, $1 and on, as texts that Postgres reads; null is SQL's null. */
export type Question = {
  readonly text: string
  readonly params: readonly (string | null)[]
}

/** A row: its columns, in the statement's order, as Postgres prints them. */
export type Cells = readonly (string | null)[]

/** Asks Postgres one statement. Throws as Postgres does. */
export type Ask = (question: Question) => Promise<readonly Cells[]>

/** Asks by a client of postgres.js. */
export function askBy(sql: Sql): Ask {
  return async ({ text, params }) => {
    const rows = await sql.unsafe(text, [...params]).raw()
    return rows.map((row) => row.map((cell) => cell && utf8.decode(cell)))
  }
}

const utf8 = new TextDecoder()

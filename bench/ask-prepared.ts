import type { Sql } from 'postgres'
import type { Ask } from '../worker/store/ask.ts'

/** Asks as a Node client does that keeps its connections and prepares its statements. Throws as Postgres does. */
export function askPrepared(sql: Sql): Ask {
  return async ({ text, params }) => {
    const rows = await sql.unsafe(text, [...params], { prepare: true }).raw()
    return rows.map((row) => row.map((cell) => cell?.toString() ?? null))
  }
}

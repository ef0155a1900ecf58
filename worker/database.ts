import postgres, { type Sql } from 'postgres'
import { openDatabaseSocket } from './database-socket.ts'

/** How long Postgres may take to let us in, and to answer all that one request asks. */
const CONNECT_S = 3
const DEADLINE_MS = 10_000
/** Postgres's own words for "not now" and "not you": connection, resources, shutdown, login. */
const AWAY_CLASSES = /^(?:08|53|57|58|28|3D)/
const AWAY_WORDS = /connect|network|socket|proxy request/i

const OPTIONS = {
  max: 1,
  fetch_types: false,
  connect_timeout: CONNECT_S,
  onnotice: () => {},
  // Left out of postgres.js's types, for a reason unknown.
  socket: ({ host, port }: { host: string[]; port: number[] }) =>
    openDatabaseSocket(host[0] ?? '', port[0] ?? 5432),
}

/** Postgres cannot be reached, or does not answer in time. */
export class DatabaseAwayError extends Error {
  readonly code = 'database_away'
  readonly retryable = true
}

/**
 * Runs queries on a connection of this request's own, as a connection cannot outlive its request.
 * @param connectionString from a Hyperdrive binding; null when the binding is missing
 * @param later keeps the goodbye alive after the answer was sent
 * Throws DatabaseAwayError when Postgres is away or late, otherwise what `run` throws.
 */
export async function withDatabase<Result>(
  connectionString: string | null,
  later: (goodbye: Promise<unknown>) => void,
  run: (sql: Sql) => Promise<Result>,
): Promise<Result> {
  if (connectionString === null) throw new DatabaseAwayError('no database is configured')
  const sql = postgres(connectionString, OPTIONS)
  let timer: number | null = null
  const late = new Promise<never>((_, refuse) => {
    timer = setTimeout(() => refuse(new DatabaseAwayError('too late')), DEADLINE_MS)
  })
  try {
    return await Promise.race([run(sql), late])
  } catch (error) {
    throw isAway(error) ? new DatabaseAwayError('away', { cause: error }) : error
  } finally {
    clearTimeout(timer)
    later(sql.end({ timeout: 1 }).catch(() => {}))
  }
}

function isAway(error: unknown): boolean {
  if (!(error instanceof Error)) return false
  const code = 'code' in error && typeof error.code === 'string' ? error.code : ''
  if (error.name === 'PostgresError') return AWAY_CLASSES.test(code)
  return (
    /^(?:CONNECT|E[A-Z]+$)/.test(code) ||
    (code === '' && error.name === 'Error' && AWAY_WORDS.test(error.message))
  )
}

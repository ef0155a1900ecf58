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

/** A connection of one request's own, as none can outlive its request. */
export type Database = {
  /** Runs queries. Throws DatabaseAwayError when Postgres is away or late, otherwise what `run` throws. */
  run<Result>(run: (sql: Sql) => Promise<Result>): Promise<Result>
  /** Says goodbye; safe to call twice. */
  close(): void
}

/**
 * Opens a connection, at its first query.
 * @param connectionString from a Hyperdrive binding; null when the binding is missing
 * @param later keeps the goodbye alive after the answer was sent
 * @param prepare false for a reading of more than one transaction: a pool may give each of them another connection to
 *   Postgres, which knows no statement that was prepared on the one before
 * Throws DatabaseAwayError without a binding.
 */
export function openDatabase(
  connectionString: string | null,
  later: (goodbye: Promise<unknown>) => void,
  prepare = true,
): Database {
  if (connectionString === null) throw new DatabaseAwayError('no database is configured')
  const sql = postgres(connectionString, { ...OPTIONS, prepare })
  let closed = false
  return {
    async run(run) {
      let timer: ReturnType<typeof setTimeout> | null = null
      const late = new Promise<never>((_, refuse) => {
        timer = setTimeout(() => refuse(new DatabaseAwayError('too late')), DEADLINE_MS)
      })
      try {
        return await Promise.race([run(sql), late])
      } catch (error) {
        throw isAway(error) ? new DatabaseAwayError('away', { cause: error }) : error
      } finally {
        clearTimeout(timer)
      }
    },
    close() {
      if (closed) return
      closed = true
      later(sql.end({ timeout: 1 }).catch(() => {}))
    },
  }
}

/** Runs queries on a connection that is opened for them alone. Throws as openDatabase and its `run` do. */
export async function withDatabase<Result>(
  connectionString: string | null,
  later: (goodbye: Promise<unknown>) => void,
  run: (sql: Sql) => Promise<Result>,
): Promise<Result> {
  const database = openDatabase(connectionString, later)
  try {
    return await database.run(run)
  } finally {
    database.close()
  }
}

/** Whether Postgres is away, as postgres.js, the network or it says. */
export function isAway(error: unknown): boolean {
  if (!(error instanceof Error)) return false
  if (error instanceof DatabaseAwayError) return true
  const code = 'code' in error && typeof error.code === 'string' ? error.code : ''
  if (error.name === 'PostgresError') return AWAY_CLASSES.test(code)
  return (
    /^(?:CONNECT|E[A-Z]+$)/.test(code) ||
    // The runtime's own are of no class of their own; others that speak of connections, as Stripe's do, mean theirs.
    (code === '' && error.constructor === Error && AWAY_WORDS.test(error.message))
  )
}

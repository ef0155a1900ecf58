import type { Context } from 'hono'
import type { Sql } from 'postgres'
import { type Database, openDatabase, withDatabase } from './database.ts'
import { withLine } from './database-line.ts'
import { type Env, settingsOf } from './env.ts'
import type { Caller } from './gate/caller.ts'
import type { Meter } from './gate/meter.ts'
import type { Ask } from './store/ask.ts'

/** What Hono carries through one request. */
export type App = {
  Bindings: Env
  Variables: {
    readonly requestId: string
    /** Answers a request of a page of ours to a route of ours. */
    readonly askOwn: (request: Request) => Promise<Response>
    /** Who calls; set under /v1, the status route apart. */
    readonly caller: Caller
    /** What he spends; set with `caller`. */
    readonly meter: Meter
    /** Whether only the cost is asked for; set with `caller`. */
    readonly dryRun: boolean
    /** What a dry run answers: credits that the request costs at most, null for no bound. */
    readonly mostCredits: number | null
    /** What a ticket opens, a ticker or `*`; null when a key was given. Set with `caller`. */
    readonly ticketMarket: string | null
  }
}

/** Reads market data as kb_reader. Throws DatabaseAwayError when that cannot be done now. */
export function readMarketData<Result>(
  c: Context<App>,
  run: (sql: Sql) => Promise<Result>,
): Promise<Result> {
  const { HYPERDRIVE_READER } = settingsOf(c.env)
  return withDatabase(HYPERDRIVE_READER, (goodbye) => c.executionCtx.waitUntil(goodbye), run)
}

/** Reads market data as readMarketData does, for a fraction of its CPU: for the reads of which there are most. */
export function askMarketData<Result>(
  c: Context<App>,
  run: (ask: Ask) => Promise<Result>,
): Promise<Result> {
  const { HYPERDRIVE_READER } = settingsOf(c.env)
  return withLine(HYPERDRIVE_READER, run)
}

/**
 * Reads series, events and what markets are about through a cache, so that it may be half a minute old: never records,
 * gaps, the watermark, statuses or keys. Throws DatabaseAwayError when that cannot be done now.
 */
export function readMetadata<Result>(
  c: Context<App>,
  run: (sql: Sql) => Promise<Result>,
): Promise<Result> {
  const { HYPERDRIVE_METADATA } = settingsOf(c.env)
  return withDatabase(HYPERDRIVE_METADATA, (goodbye) => c.executionCtx.waitUntil(goodbye), run)
}

/** Opens market data as kb_reader for a reading of many steps. Throws DatabaseAwayError when that cannot be done now. */
export function openMarketData(c: Context<App>): Database {
  const { HYPERDRIVE_READER } = settingsOf(c.env)
  return openDatabase(HYPERDRIVE_READER, (goodbye) => c.executionCtx.waitUntil(goodbye), false)
}

/** Reads keys as kb_account. Throws DatabaseAwayError when that cannot be done now. */
export function readAccounts<Result>(
  c: Context<App>,
  run: (sql: Sql) => Promise<Result>,
): Promise<Result> {
  const { HYPERDRIVE_ACCOUNT } = settingsOf(c.env)
  return withDatabase(HYPERDRIVE_ACCOUNT, (goodbye) => c.executionCtx.waitUntil(goodbye), run)
}

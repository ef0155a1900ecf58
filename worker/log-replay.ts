import type { Sql } from 'postgres'
import type { Micros } from '#core/instant'
import type { Seq } from '#core/log'
import { Replay, type ReplayMessage } from '#core/replay'
import { TARDIS_HEAD, TardisText } from '#core/wire/tardis'
import type { Batch, RowPrinter } from './list.ts'
import { batchesOf } from './log-batches.ts'
import { readAhead } from './read-ahead.ts'
import { gapsAround, gapsBetween, type MarketGaps, openingsAt } from './store/log-openings.ts'
import { type LoggedRecord, type LogRange, type LogStep, sweepLog } from './store/log-sweep.ts'
import type { NamedMarket } from './store/named-markets.ts'

/** A replay of the logs of some markets: rows, and what is printed of them in their place. */
export type OpenedReplay = {
  readonly batches: AsyncIterable<Batch<LoggedRecord>>
  /** As the messages of a stream, and as Tardis files: one of the two is to be used. */
  readonly ndjson: RowPrinter<LoggedRecord>
  readonly csv: RowPrinter<LoggedRecord>
}

/** What belongs to a batch beside its rows: it is told when they are printed, which may be in parts. */
type Context = {
  /** Rows that are still to be printed. */
  left: number
  /** Gaps that begin in it; null when they are noted. */
  gaps: MarketGaps | null
  /** After the last batch, the last moment of all that was read. */
  readonly endUs: number | null
}

/**
 * Opens a replay, in the order (recv, ticker, seq), with the books where it begins.
 * @param keptUs from when on the log is kept
 * Throws as openingsAt and sweepLog do.
 */
export async function openReplay(
  sql: Sql,
  markets: readonly NamedMarket[],
  range: LogRange,
  keptUs: Micros,
): Promise<OpenedReplay> {
  const ids = markets.map(({ id }) => id)
  const fromUs = Math.max(range.fromUs ?? 0, keptUs) as Micros
  const place = range.after ?? { recvUs: fromUs, ticker: '', seq: 0 as Seq }
  const openings = await openingsAt(sql, markets, place, keptUs)
  const replay = new Replay(
    markets.map(({ id, ticker, status }) => ({
      ticker,
      status,
      opening: openings.get(id) ?? { kind: 'new' },
    })),
  )
  const tickers = new Map(markets.map(({ id, ticker }) => [id, ticker]))
  const expect = (found: MarketGaps) => {
    for (const [id, gaps] of found) replay.expect(tickers.get(id) ?? '', gaps)
  }
  expect(await gapsAround(sql, ids, place.recvUs))
  const head = replay.begin(place.recvUs)
  const contexts: Context[] = []
  const next = (rows: readonly LoggedRecord[]): ReplayMessage[] => {
    const [context] = contexts
    if (context === undefined) throw new Error('rows of no batch are printed')
    if (context.gaps !== null) expect(context.gaps)
    context.gaps = null
    const told = replay.take(rows.map(({ market, record }) => ({ ticker: market.ticker, record })))
    context.left -= rows.length
    // Rows that are left out come after all: in the next part, or in another request.
    if (context.left > 0) return told
    contexts.shift()
    return context.endUs === null ? told : [...told, ...replay.end(context.endUs)]
  }
  const batches = replayBatches(readAhead(withGaps(sql, ids, range, place.recvUs)), contexts)
  const tardis = new TardisText()
  return {
    batches,
    ndjson: { head: lines(head), print: (rows) => lines(next(rows)) },
    csv: { head: TARDIS_HEAD + tardis.lines(head), print: (rows) => tardis.lines(next(rows)) },
  }
}

type GapStep = { readonly step: LogStep; readonly gaps: MarketGaps; readonly endUs: number | null }

/** The steps of a reading, each with the gaps that begin in it. */
async function* withGaps(
  sql: Sql,
  ids: readonly number[],
  range: LogRange,
  startUs: number,
): AsyncGenerator<GapStep> {
  let fromUs = startUs
  for await (const step of sweepLog(sql, range)) {
    const endUs = Math.min((range.toUs ?? Number.MAX_SAFE_INTEGER) - 1, step.throughUs ?? -1)
    const toUs = step.next?.recvUs ?? endUs
    const gaps = await gapsBetween(sql, ids, fromUs, toUs)
    fromUs = toUs + 1
    yield { step, gaps, endUs: step.next === null ? endUs : null }
  }
}

async function* replayBatches(
  steps: AsyncGenerator<GapStep>,
  contexts: Context[],
): AsyncGenerator<Batch<LoggedRecord>> {
  for await (const { step, gaps, endUs } of steps) {
    let first = true
    for (const batch of batchesOf(step)) {
      const last = batch.next === null
      contexts.push({
        left: batch.rows.length,
        gaps: first ? gaps : null,
        endUs: last ? endUs : null,
      })
      first = false
      yield batch
    }
  }
}

function lines(messages: readonly ReplayMessage[]): string {
  let text = ''
  for (const message of messages) text += `${JSON.stringify(message)}\n`
  return text
}

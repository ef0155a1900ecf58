import type { Entry } from '#core/entry'
import type { Micros } from '#core/instant'
import type { BookRecord, Ladders, Level, Side } from '#core/log'
import type { MarketLog as Log } from '#core/market-log'
import { MarketLog } from '#core/market-log'
import type { Price } from '#core/price'
import type { Size, SizeChange } from '#core/size'
import type { Ticker } from '#core/ticker'
import type { Trade } from '#core/trade'
import { type DrainedEpoch, drainLeftover } from '../../collector/drain-leftover.ts'
import { openLogs } from '../../collector/open-logs.ts'
import type { Spool } from '../../collector/spool/spool.ts'
import { writeEntries } from '../../collector/store/entries.ts'
import type { Hold } from '../../collector/store/lease.ts'
import { MarketIds } from '../../collector/store/market-ids.ts'
import { at, open, type Store, take } from './fixture.ts'

type Levels = readonly (readonly [number, number])[]
type AnySpool = Pick<Spool, 'append' | 'read' | 'drained' | 'rewind'>

/** A collector that is told what the exchange says. It spools that, and stores only when it is told to. */
export class SpooledCollector {
  /** Every record that it made, stored or not. */
  readonly records: { readonly market: Ticker; readonly record: BookRecord }[] = []
  readonly hold: Hold
  /** What it found in its spool when it started. */
  readonly drained: readonly DrainedEpoch[]
  readonly logs: Map<Ticker, Log>
  readonly #store: Store
  readonly #spool: AnySpool
  readonly #ids: MarketIds

  private constructor(
    hold: Hold,
    drained: readonly DrainedEpoch[],
    logs: Map<Ticker, Log>,
    [store, spool, ids]: readonly [Store, AnySpool, MarketIds],
  ) {
    this.hold = hold
    this.drained = drained
    this.logs = logs
    this.#store = store
    this.#spool = spool
    this.#ids = ids
  }

  /** Takes the lease from whoever has it, drains the leftover of its spool and opens its epoch, so many µs after NOW. */
  static async start(
    store: Store,
    spool: AnySpool,
    us: number,
    batch?: number,
  ): Promise<SpooledCollector> {
    const hold = await take(store.collector)
    const ids = new MarketIds(store.collector)
    const drained = await drain(store, hold, spool, us, batch)
    const opened = await open(store.collector, hold, at(us))
    const { logs, openings } = await openLogs(hold.epoch, opened, ids)
    const started = new SpooledCollector(hold, drained, logs, [store, spool, ids])
    started.records.push(...openings)
    return started
  }

  snapshot(market: Ticker, us: number, yes: Levels, no: Levels = []): void {
    const log = this.#log(market)
    const ladders = { yes: levels(yes), no: levels(no) } satisfies Ladders
    this.#add(market, log.snapshot(ladders, at(us)))
  }

  delta(market: Ticker, us: number, price: number, change: number, side: Side = 'yes'): void {
    const delta = [side, price as Price, change as SizeChange, at(us - 300), at(us)] as const
    const outcome = this.#log(market).delta(...delta)
    this.#add(market, outcome.kind === 'recorded' ? outcome.record : null)
  }

  /** The book is not known since `from`; it is noticed at `us`. */
  gap(market: Ticker, us: number, from: number): void {
    this.#add(market, this.#log(market).gap('cut', at(from), at(us)))
  }

  /** The watermark, and the last sign of life of its one connection. */
  mark(through: number, alive: number = through): void {
    const { epoch } = this.hold
    const connections = [{ connection: 0, us: at(alive) }]
    this.append({ kind: 'mark', mark: { epoch, through: at(through), alive: connections } })
  }

  trade(market: Ticker, us: number): void {
    this.append({ kind: 'trade', trade: tradeAt(market, at(us)) })
  }

  append(...entries: readonly Entry[]): void {
    this.#spool.append(entries)
  }

  /** Stores the next batch that is spooled; answers whether there was one. */
  async store(most = 1000): Promise<boolean> {
    const batch = await this.#spool.read(most)
    if (batch === null) return false
    const { collector } = this.#store
    const stored = await writeEntries(collector, this.hold, this.#ids, batch.entries, at(0))
    if (stored === 'lease_lost') throw new Error('the lease was lost')
    await this.#spool.drained(batch.position)
    return true
  }

  #log(market: Ticker): Log {
    const known = this.logs.get(market)
    if (known !== undefined) return known
    const log = new MarketLog(this.hold.epoch, null)
    this.logs.set(market, log)
    return log
  }

  #add(market: Ticker, record: BookRecord | null): void {
    if (record === null) return
    this.records.push({ market, record })
    this.append({ kind: 'record', market, record })
  }
}

/** Drains the leftover of a spool under a lease. */
export async function drain(
  store: Store,
  hold: Hold,
  spool: Pick<Spool, 'read' | 'drained' | 'rewind'>,
  us: number,
  batch = 5000,
): Promise<readonly DrainedEpoch[]> {
  const sql = store.collector
  const given = { sql, hold, spool, ids: new MarketIds(sql), clock: () => at(us), batch }
  const drained = await drainLeftover({ ...given, refused: () => {} })
  if (drained === 'lease_lost') throw new Error('the lease was lost')
  return drained
}

function tradeAt(market: Ticker, us: Micros): Trade {
  const event = (us - (us % 1000)) as Micros
  return {
    market,
    tradeId: `trade-${us}`,
    price: 420_000 as Price,
    size: 100 as Size,
    taker: 'yes',
    block: false,
    event,
    recv: us,
    source: 'stream',
  }
}

function levels(pairs: Levels): Level[] {
  return pairs.map(([price, size]) => [price as Price, size as Size])
}

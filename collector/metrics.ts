import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from 'prom-client'
import type { DutyState } from '#core/health'
import type { Frame } from '#core/kalshi/decode'
import type { GapCause } from '#core/log'
import type { CollectorStatus } from './collector.ts'
import { DurationHistogram } from './duration-histogram.ts'
import type { KeptLease } from './lease-keeper.ts'

/** What is looked up when somebody asks. */
export type Gauges = {
  readonly state: DutyState
  readonly lease: KeptLease | null
  readonly epoch: number | null
  /** null while nothing is recorded. */
  readonly status: CollectorStatus | null
}

const STATES = ['standby', 'opening', 'recording', 'stopping'] as const
const LEASES = ['held', 'unknown', 'lost'] as const

/** How a book compared with the exchange's own answer. */
export type CheckOutcome = 'same' | 'different' | 'unjudged'

/**
 * Everything that Prometheus is told of this process. No label has more values than the code or the configuration names:
 * markets never are labels.
 */
export class Metrics {
  readonly registry = new Registry()
  /** Exchange's time of a delta to our receipt of it, µs. */
  readonly receiveLag: DurationHistogram
  /** Our receipt of a record to the commit that made it durable, µs. */
  readonly durableLag: DurationHistogram
  readonly #frames = new Map<Frame['kind'], number>()
  readonly #gaps: Counter<'cause'>
  readonly #reconnects: Counter<'connection'>
  readonly #batches: Histogram
  readonly #segments: Counter
  readonly #sealed: Counter
  readonly #aside: Counter<'kind'>
  readonly #checks: Counter<'outcome'>
  #read: () => Gauges | null = () => null

  constructor() {
    const { registry } = this
    const registers = [registry]
    const counter = <Label extends string>(name: string, help: string, labelNames: Label[] = []) =>
      new Counter({ name: `kalshibook_${name}`, help, labelNames, registers })
    collectDefaultMetrics({ register: registry, prefix: 'kalshibook_' })
    this.receiveLag = new DurationHistogram(
      registry,
      'kalshibook_receive_lag_seconds',
      'From the time that the exchange gives a delta to its receipt',
    )
    this.durableLag = new DurationHistogram(
      registry,
      'kalshibook_durable_lag_seconds',
      'From the receipt of a record to the commit that stored it',
    )
    const frames = this.#frames
    new Counter({
      name: 'kalshibook_frames_total',
      help: 'Messages of the exchange, by type',
      labelNames: ['type'],
      registers,
      collect() {
        this.reset()
        for (const [type, count] of frames) this.inc({ type }, count)
      },
    })
    this.#gaps = counter('gaps_total', 'Gap records, by cause', ['cause'])
    this.#reconnects = counter('reconnects_total', 'Connections made again', ['connection'])
    this.#batches = new Histogram({
      name: 'kalshibook_batch_entries',
      help: 'Entries in one transaction',
      buckets: [0, 1, 10, 100, 500, 1000, 2000, 5000, 10_000],
      registers,
    })
    this.#segments = counter('segments_total', 'Segments sealed')
    this.#sealed = counter('sealed_records_total', 'Records in sealed segments')
    this.#aside = counter('set_aside_total', 'Frames and rows that could not be used', ['kind'])
    this.#checks = counter('truth_checks_total', "Books compared with the exchange's own", [
      'outcome',
    ])
    this.#addGauges(registers)
  }

  /** A frame was decoded; called for each one. */
  frame(kind: Frame['kind']): void {
    this.#frames.set(kind, (this.#frames.get(kind) ?? 0) + 1)
  }

  gap(cause: GapCause, records = 1): void {
    this.#gaps.inc({ cause }, records)
  }

  /** @param connection its number: there are as many as the configuration says */
  reconnect(connection: number): void {
    this.#reconnects.inc({ connection: String(connection) })
  }

  /** A transaction of so many entries was committed. */
  batch(entries: number): void {
    this.#batches.observe(entries)
  }

  sealed(segments: number, records: number): void {
    this.#segments.inc(segments)
    this.#sealed.inc(records)
  }

  setAside(kind: 'malformed' | 'unknown' | 'unstorable'): void {
    this.#aside.inc({ kind })
  }

  check(outcome: CheckOutcome): void {
    this.#checks.inc({ outcome })
  }

  /** Whom to ask for what is looked up at each scrape. */
  readFrom(read: () => Gauges | null): void {
    this.#read = read
  }

  /** All of it, in Prometheus's text format. */
  async text(): Promise<{ type: string; text: string }> {
    return { type: this.registry.contentType, text: await this.registry.metrics() }
  }

  #addGauges(registers: Registry[]): void {
    const gauge = (name: string, help: string, value: (status: CollectorStatus) => number | null) =>
      this.#addGauge(name, help, registers, ({ status }) => status && value(status))
    this.#addGauge('epoch', 'The epoch that is recorded', registers, ({ epoch }) => epoch)
    gauge('markets', 'Markets in the record', ({ markets }) => markets)
    gauge('stale_books', 'Markets whose book is not known', ({ markets, known }) => markets - known)
    gauge('watched_markets', 'Markets that are published', ({ watched }) => watched)
    gauge('shards_open', 'Shards that have greeted us', ({ shards }) => shards)
    gauge('spool_bytes', 'Bytes that wait for Postgres', ({ spoolBytes }) => spoolBytes)
    gauge('spool_entries', 'Entries that wait for Postgres', ({ waiting }) => waiting)
    gauge('spool_age_seconds', 'How far the store is behind the clock', ({ recordLagMs }) =>
      recordLagMs === null ? null : recordLagMs / 1000,
    )
    this.#addOneOf('state', 'What the process does', STATES, (gauges) => gauges.state, registers)
    this.#addOneOf('lease', 'The lease, none as a standby', LEASES, ({ lease }) => lease, registers)
  }

  #addGauge(
    name: string,
    help: string,
    registers: Registry[],
    value: (gauges: Gauges) => number | null,
  ): void {
    const read = () => this.#read()
    new Gauge({
      name: `kalshibook_${name}`,
      help,
      registers,
      collect() {
        const gauges = read()
        this.set((gauges === null ? null : value(gauges)) ?? Number.NaN)
      },
    })
  }

  /** One series for each value, of which one is 1. */
  #addOneOf<Value extends string>(
    label: string,
    help: string,
    values: readonly Value[],
    value: (gauges: Gauges) => Value | null,
    registers: Registry[],
  ): void {
    const read = () => this.#read()
    new Gauge({
      name: `kalshibook_${label}`,
      help,
      labelNames: [label],
      registers,
      collect() {
        const gauges = read()
        const now = gauges === null ? null : value(gauges)
        for (const each of values) this.set({ [label]: each }, each === now ? 1 : 0)
      },
    })
  }
}

import { z } from 'zod'
import { CHANGE_KINDS, CHANGE_SOURCES, CHANGE_SUBJECTS, type ToldChange } from '../market-change.ts'
import type { Column } from './csv.ts'

/** What happened to a market besides trading, or to its event or series. */
export const wireChange = z.object({
  type: z.literal('change'),
  subject: z.enum(CHANGE_SUBJECTS).describe('What it happened to: the market, its event or series'),
  ticker: z.string().describe('Of the subject'),
  kind: z.enum(CHANGE_KINDS),
  detail: z.record(z.string(), z.unknown()).describe('What changed, as the exchange put it'),
  source: z
    .enum(CHANGE_SOURCES)
    .describe('stream and rest: the exchange said so; clock: its opening or closing time came'),
  event_us: z
    .int()
    .nullable()
    .describe('When the exchange says that it happened; null when it does not say'),
  recv_us: z.int().nonnegative(),
})

export type WireChange = z.infer<typeof wireChange>

/** Prints a change as the wire carries it. */
export function printChange(change: ToldChange): WireChange {
  const { subject, ticker, kind, detail, source, at, recv } = change
  const told = { type: 'change', subject, ticker, kind, detail: { ...detail }, source } as const
  return { ...told, event_us: at, recv_us: recv }
}

/** What CSV shows of a change; its detail is JSON. */
export const CHANGE_COLUMNS: readonly Column<WireChange>[] = [
  ['subject', (change) => change.subject],
  ['ticker', (change) => change.ticker],
  ['kind', (change) => change.kind],
  ['detail', (change) => JSON.stringify(change.detail)],
  ['source', (change) => change.source],
  ['event_us', (change) => change.event_us],
  ['recv_us', (change) => change.recv_us],
]

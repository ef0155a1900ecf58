import type { Level, Side } from './book.ts'
import type { BookChange } from './floor.ts'

/**
 * A change of a true book as it happened: time in microseconds, prices in millionths of a dollar,
 * sizes in hundredths of a contract; ladders lowest price first.
 */
export type TrueChange = { atUs: number; ticker: string } & (
  | { kind: 'delta'; side: Side; price: number; change: number }
  | { kind: 'snapshot'; yes: Level[]; no: Level[] }
)

/** A trade as it happened: time in microseconds. */
export type TrueTrade = { id: string; ticker: string; block: boolean; atUs: number }

/** @returns a change as observers are told of it */
export function observe(change: BookChange): TrueChange {
  const { ticker, book } = change.market
  if (change.kind === 'delta') {
    const { side, price, stamp } = change
    return { kind: 'delta', atUs: stamp.atUs, ticker, side, price, change: change.change }
  }
  const [yes, no] = [book.ascending('yes'), book.ascending('no')]
  return { kind: 'snapshot', atUs: change.atUs, ticker, yes, no }
}

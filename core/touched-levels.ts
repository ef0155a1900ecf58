import type { Level, Side } from './log.ts'
import type { Price } from './price.ts'
import { parseSizeChange, type Size } from './size.ts'
import type { DeltasMessage, LevelsMessage } from './wire/stream.ts'

/** A record's change of a level, and a level's change over many records, as streams tell them. */
export type DeltaRow = DeltasMessage['d'][number]
export type LevelRow = LevelsMessage['d'][number]

type Touched = { readonly before: number; readonly last: DeltaRow }

export const SIDES = ['yes', 'no'] as const satisfies readonly Side[]
const GONE = 0 as Size

/** The levels that records have changed since it was cleared. Bounded by how many prices there are. */
export class TouchedLevels {
  readonly #levels: Record<Side, Map<string, Touched>> = { yes: new Map(), no: new Map() }

  clear(): void {
    for (const side of SIDES) this.#levels[side].clear()
  }

  /** Takes the next change. */
  touch(row: DeltaRow): void {
    const [side, price, change, size] = row
    const known = this.#levels[side].get(price)
    const before = known?.before ?? (parseSizeChange(size) ?? 0) - (parseSizeChange(change) ?? 0)
    this.#levels[side].set(price, { before, last: row })
  }

  /** The last change of a level, null when there was none. */
  last(side: Side, price: string): DeltaRow | null {
    return this.#levels[side].get(price)?.last ?? null
  }

  /** The levels of which the size is another now, yes before no and best first. */
  changed(): LevelRow[] {
    return SIDES.flatMap((side) => {
      // As they are printed prices have the same order: all have the same digits before the point.
      const touched = [...this.#levels[side]].sort(([a], [b]) => (a > b ? -1 : 1))
      return touched.flatMap(([price, { before, last }]): LevelRow[] => {
        const [, , , size, event, recv] = last
        return parseSizeChange(size) === before ? [] : [[side, price, null, size, event, recv]]
      })
    })
  }
}

/** What makes of one ladder another, both best first; size 0 for a level that is gone. */
export function differences(before: readonly Level[], now: readonly Level[]): Level[] {
  const found: Level[] = []
  for (let i = 0, j = 0; i < before.length || j < now.length; ) {
    const [was, is] = [before[i], now[j]]
    if (is === undefined || (was !== undefined && was[0] > is[0])) {
      found.push([(was?.[0] ?? 0) as Price, GONE])
      i += 1
    } else if (was === undefined || is[0] > was[0]) {
      found.push(is)
      j += 1
    } else {
      if (is[1] !== was[1]) found.push(is)
      i += 1
      j += 1
    }
  }
  return found
}

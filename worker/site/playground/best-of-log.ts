import { complement, parsePrice, printPrice } from '#core/price'

/** A row of `/deltas`, or a message of its layout `stream`. */
export type LogRow = {
  readonly type: string
  readonly market?: string
  readonly recv_us?: number
  readonly sent_us?: number
  /** Of a gap: the last moment that can be vouched for, µs. */
  readonly from_us?: number
  readonly side?: 'yes' | 'no'
  readonly price?: string
  readonly size?: string
  readonly yes?: Ladder
  readonly no?: Ladder
  readonly d?: readonly (readonly [
    side: 'yes' | 'no',
    price: string,
    change: string | null,
    size: string,
    event_us: number | null,
    recv_us: number,
  ])[]
}
type Ladder = readonly (readonly [price: string, size: string])[]
type Level = [price: string, size: string]

/** A change of best bid or best ask, as `/bbo` has it. */
export type BestChange = {
  readonly recv_us: number
  readonly known: boolean
  readonly bid: Level | null
  readonly ask: Level | null
}

const GONE = '0.00'

/**
 * How best bid and best ask change over a part of a log: of the first market that is named, from the first whole book on.
 * @param rows oldest first
 * @returns `market` null when the rows name none
 */
export function bestOf(rows: readonly LogRow[]): {
  readonly market: string | null
  readonly changes: readonly BestChange[]
} {
  const market = rows.find((row) => row.market !== undefined)?.market ?? null
  const changes: BestChange[] = []
  let book: Record<'yes' | 'no', Map<string, string>> | null = null
  const tell = (recv_us: number) => {
    const bid = book === null ? null : bestIn(book.yes)
    const no = book === null ? null : bestIn(book.no)
    const ask: Level | null = no === null ? null : [complemented(no[0]), no[1]]
    const next = { recv_us, known: book !== null, bid, ask }
    const { recv_us: _, ...before } = changes.at(-1) ?? { recv_us: 0 }
    const { recv_us: __, ...after } = next
    if (JSON.stringify(before) !== JSON.stringify(after)) changes.push(next)
  }
  for (const row of rows) {
    if ((row.market ?? null) !== market) continue
    const at = row.recv_us ?? row.sent_us ?? 0
    switch (row.type) {
      case 'snapshot':
        book = { yes: new Map(row.yes ?? []), no: new Map(row.no ?? []) }
        tell(at)
        break
      case 'delta':
        if (book === null || row.side === undefined) break
        put(book[row.side], row.price ?? '', row.size ?? GONE)
        tell(at)
        break
      case 'deltas':
        for (const [side, price, , size, , recv_us] of row.d ?? []) {
          if (book === null) break
          put(book[side], price, size)
          tell(recv_us)
        }
        break
      case 'gap':
        if (book === null) break
        book = null
        // From there on nothing is known, however much later that was noticed; at its very beginning the book is known.
        while (row.from_us !== undefined && (changes.at(-1)?.recv_us ?? 0) > row.from_us) {
          changes.pop()
        }
        tell(Math.min(at, (row.from_us ?? at) + 1))
        break
      default:
        break
    }
  }
  return { market, changes }
}

function put(levels: Map<string, string>, price: string, size: string): void {
  if (size === GONE) levels.delete(price)
  else levels.set(price, size)
}

function bestIn(levels: ReadonlyMap<string, string>): Level | null {
  let best: Level | null = null
  for (const [price, size] of levels) {
    if (best === null || Number(price) > Number(best[0])) best = [price, size]
  }
  return best
}

function complemented(price: string): string {
  const parsed = parsePrice(price)
  return parsed === null ? price : printPrice(complement(parsed))
}

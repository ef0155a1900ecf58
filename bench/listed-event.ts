/** One question of an event and what its yes says; texts are in the style of the exchange, and our own. */
export type ListedQuestion = {
  readonly suffix: string
  readonly title: string
  readonly yes: string
  readonly no: string
  readonly rules: string
}
/** An event as a family makes it up; `day` is when it is decided. */
export type ListedEvent = {
  readonly suffix: string
  readonly title: string
  readonly subTitle: string
  readonly day: Date
  readonly questions: readonly ListedQuestion[]
}
/** How a family makes up its nth event, from the latest back. */
export type MakeEvent = (nth: number, today: Date) => ListedEvent

const MONTHS =
  'January February March April May June July August September October November December'.split(' ')
const DAY_MS = 86_400_000

/** The nth of a list that goes round. Throws on an empty list. */
export const of = <T>(list: readonly T[], nth: number): T => {
  const item = list[nth % list.length]
  if (item === undefined) throw new Error('an empty list')
  return item
}
/** 0, 1, … below a count. */
export const range = (count: number) => Array.from({ length: count }, (_, i) => i)
/** So many days before thirty days from now: half of what is listed lies ahead. */
export const daysBack = (today: Date, days: number) =>
  new Date(today.getTime() - (days - 30) * DAY_MS)
/** The month's name, UTC. */
export const month = (day: Date) => of(MONTHS, day.getUTCMonth())
/** `26DEC09`, as tickers say it. */
export const short = (day: Date) =>
  `${String(day.getUTCFullYear() % 100)}${month(day).slice(0, 3).toUpperCase()}${String(day.getUTCDate()).padStart(2, '0')}`
/** `Dec 9, 2026`, as texts say it. */
export const long = (day: Date) =>
  `${month(day).slice(0, 3)} ${day.getUTCDate()}, ${day.getUTCFullYear()}`

/** Numbers above which something may end. */
export function above(count: number, from: number, step: number, digits: number, ask: Asked) {
  return range(count).map((i): ListedQuestion => {
    const strike = (from + i * step).toFixed(digits)
    const yes = `Above ${strike}${ask.unit}`
    return {
      suffix: `T${strike}`,
      title: ask.title(strike + ask.unit),
      yes,
      no: yes,
      rules: `If ${ask.what} is above ${strike}${ask.unit}, then the market resolves to Yes.`,
    }
  })
}
type Asked = {
  readonly unit: string
  readonly what: string
  readonly title: (strike: string) => string
}

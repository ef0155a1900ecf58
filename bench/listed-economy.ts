import {
  above,
  type ListedEvent,
  type ListedQuestion,
  long,
  type MakeEvent,
  month,
  of,
  range,
  short,
} from './listed-event.ts'

const HOUR_MS = 3_600_000
/** The months in which the central bank meets. */
const MEETINGS = [0, 2, 3, 5, 6, 8, 9, 11]
function meetingOf(nth: number, today: Date): Date {
  const year = today.getUTCFullYear() + 1 - Math.floor(nth / MEETINGS.length)
  return new Date(Date.UTC(year, of(MEETINGS, nth), 9, 19))
}

/** What the central bank does at a meeting. */
export function fedDecision(nth: number, today: Date): ListedEvent {
  const day = meetingOf(nth, today)
  const when = `${month(day)} ${day.getUTCFullYear()}`
  const questions = range(5).map((i): ListedQuestion => {
    const what = of(['Hike 0bps', 'Hike 25bps', 'Hike >25bps', 'Cut 25bps', 'Cut >25bps'], i)
    const said = i === 0 ? 'hold rates' : `${what.toLowerCase()} on rates`
    const title = `Will the Federal Reserve ${said} at their ${when} meeting?`
    const rules = `If the Federal Reserve does ${said} at the meeting of ${long(day)}, then the market resolves to Yes.`
    return { suffix: `H${i * 25}`, title, yes: what, no: what, rules }
  })
  const subTitle = `On ${long(day)}`
  return { suffix: short(day), title: `Fed decision in ${when}?`, subTitle, day, questions }
}

/** Where the central bank's rate is after a meeting. */
export function fedRate(nth: number, today: Date): ListedEvent {
  const day = meetingOf(nth, today)
  const when = `${month(day)} ${day.getUTCFullYear()}`
  const what = `the upper bound of the federal funds rate after the Fed's ${when} meeting`
  const title = (strike: string) => `Will ${what} be above ${strike}?`
  const questions = above(16, 1.5, 0.25, 2, { unit: '%', what, title })
  const subTitle = `Fed funds rate after the ${when} meeting`
  return { suffix: short(day), title: `Fed funds rate in ${when}?`, subTitle, day, questions }
}

/** Where a price stands at a full hour: `count` numbers from `from` on, `step` apart. */
export function price(coin: string, from: number, step: number, count: number): MakeEvent {
  return (nth, today) => {
    const hours = Math.floor(today.getTime() / HOUR_MS) - nth + 24
    const day = new Date(hours * HOUR_MS)
    const hour = `${day.getUTCHours() % 12 || 12}${day.getUTCHours() < 12 ? 'am' : 'pm'} EST`
    const what = `the price of ${coin} on ${long(day)} at ${hour}`
    const title = () => `${coin} price on ${long(day)} at ${hour}?`
    const questions = above(count, from + (nth % 40) * step, step, 2, { unit: '', what, title })
    const suffix = `${short(day)}${String(day.getUTCHours()).padStart(2, '0')}`
    return { suffix, title: title(), subTitle: `${long(day)} at ${hour}`, day, questions }
  }
}

/** A rate in per cent that is told once a month. */
export function monthly(what: string, from: number, step: number): MakeEvent {
  return (nth, today) => {
    const day = new Date(Date.UTC(today.getUTCFullYear() + 1, 11 - nth, 12))
    const when = `${month(day)} ${day.getUTCFullYear()}`
    const title = (strike: string) => `Will ${what} be above ${strike} in ${when}?`
    const asked = { unit: '%', what: `${what} for ${when}`, title }
    const questions = above(12, from, step, 1, asked)
    return { suffix: short(day), title: `${what} in ${when}?`, subTitle: when, day, questions }
  }
}

import {
  above,
  daysBack,
  type ListedEvent,
  type ListedQuestion,
  long,
  type MakeEvent,
  of,
  range,
  short,
} from './listed-event.ts'

const TEAMS =
  'Boston,Chicago,Denver,Houston,Detroit,Seattle,Miami,Dallas,Atlanta,Phoenix,Portland,Memphis'.split(
    ',',
  )
const CITIES =
  'NYC,Chicago,Miami,Austin,Denver,Philadelphia,Boston,Seattle,Houston,Phoenix,Atlanta,Dallas'.split(
    ',',
  )
const STATES = 'Ohio,Texas,Georgia,Nevada,Arizona,Maine,Iowa,Michigan,Florida,Virginia'.split(',')
const FILMS =
  'The Lighthouse Road,Northern Line,A Winter Crossing,Paper Moons,The Ninth Gate Keeper'
/** How warm a day gets in a city. */
export function weather(nth: number, today: Date): ListedEvent {
  const city = of(CITIES, nth)
  const day = daysBack(today, Math.floor(nth / CITIES.length) + 27)
  const questions = range(6).map((i): ListedQuestion => {
    const band = `${30 + 2 * i + (nth % 50)}° to ${31 + 2 * i + (nth % 50)}°`
    const title = `Will the high temp in ${city} be ${band} on ${long(day)}?`
    const rules = `If the highest temperature recorded in ${city} for ${long(day)} is between ${band}, then the market resolves to Yes.`
    return { suffix: `B${30.5 + 2 * i + (nth % 50)}`, title, yes: band, no: band, rules }
  })
  const title = `Highest temperature in ${city} on ${long(day)}?`
  const suffix = `${city.slice(0, 3).toUpperCase()}${short(day)}`
  return { suffix, title, subTitle: long(day), day, questions }
}

/** Who wins a game. */
export function game(sport: string): MakeEvent {
  return (nth, today) => {
    const [home, away] = [of(TEAMS, nth), of(TEAMS, nth + 1 + (Math.floor(nth / 12) % 11))]
    const day = daysBack(today, Math.floor(nth / 10) + 14)
    const title = `${away} vs ${home} Winner?`
    const questions = [home, away].map((team): ListedQuestion => {
      const rules = `If ${team} wins the ${away} vs ${home} ${sport} game originally scheduled for ${long(day)}, then the market resolves to Yes.`
      return { suffix: team.slice(0, 3).toUpperCase(), title, yes: team, no: team, rules }
    })
    const suffix = `${short(day)}${away.slice(0, 3)}${home.slice(0, 3)}${nth % 10}`.toUpperCase()
    return { suffix, title: `${away} at ${home}`, subTitle: long(day), day, questions }
  }
}

/** Whether several things come true at once. */
export function combo(nth: number, today: Date): ListedEvent {
  const day = daysBack(today, Math.floor(nth / 400) + 20)
  const legs = range(3 + (nth % 4)).map(
    (i) => `${(nth + i) % 3 ? 'yes' : 'no'} ${of(TEAMS, nth * 7 + i * 5)}`,
  )
  const title = legs.join(',')
  const rules = `If each of these comes true (${title}), then the market resolves to Yes.`
  const suffix = `S${short(day)}${nth.toString(16).toUpperCase().padStart(6, '0')}`
  const questions = [{ suffix: '1', title, yes: title, no: title, rules }]
  return { suffix, title: 'Combo', subTitle: title, day, questions }
}

/** Who wins an office of a state. */
export function election(nth: number, today: Date): ListedEvent {
  const state = of(STATES, nth)
  const office = of(
    ['Senate', 'Governor', 'Attorney General', 'House district'],
    Math.floor(nth / 10),
  )
  const year = today.getUTCFullYear() + 2 - 2 * Math.floor(nth / 40)
  const day = new Date(Date.UTC(year, 10, 3))
  const title = `Who will win the ${state} ${office} race in ${year}?`
  const questions = ['Democratic', 'Republican', 'Independent'].map((party): ListedQuestion => {
    const rules = `If a representative of the ${party} party is sworn in following the ${year} election for ${office} in ${state}, then the market resolves to Yes.`
    return {
      suffix: party.slice(0, 1),
      title: `Will ${party}s win the ${office} race in ${state}?`,
      yes: party,
      no: party,
      rules,
    }
  })
  return {
    suffix: `${state.slice(0, 3)}${office.slice(0, 3)}${year}`.toUpperCase(),
    title,
    subTitle: `In ${year}`,
    day,
    questions,
  }
}

/** How a film is judged. */
export function film(nth: number, today: Date): ListedEvent {
  const name = `${of(FILMS.split(','), nth)} ${Math.floor(nth / 5) + 1}`
  const day = daysBack(today, nth * 3)
  const what = `the score of "${name}" on ${long(day)}`
  const title = (strike: string) => `"${name}" score above ${strike}?`
  const questions = above(10, 40, 5, 0, { unit: '', what, title })
  return {
    suffix: `${short(day)}N${nth}`,
    title: `"${name}" score?`,
    subTitle: long(day),
    day,
    questions,
  }
}

import { printCount } from '../print-count.ts'
import { FEED_SENTENCES, nowFigures, type Status } from '../status/now-figures.ts'
import { printAge, printSecond } from '../status/print-figures.ts'
import { part } from './part.ts'

/** How often (ms) the page looks. */
const EVERY_MS = 30_000
/** The past is drawn anew after this (ms), and when the feed's word changes. */
const ANEW_MS = 600_000

const openedMs = Date.now()

/** Writes how things are into the page. */
function show(status: Status): void {
  const figures = {
    ...nowFigures(status),
    seen: printSecond(status.server_ts),
    sentence: FEED_SENTENCES[status.feed],
  }
  for (const [name, text] of Object.entries(figures)) {
    const figure = part(`now-${name}`)
    // What is read aloud is not to be told again when it is the same.
    if (figure.textContent !== text) figure.textContent = text
    figure.classList.toggle('unknown', text === 'not known')
  }
  for (const [nth, { feed, beat_age_ms, watched }] of status.shards.entries()) {
    const cells = document.querySelectorAll(`#now-shards tr:nth-child(${nth + 1}) td`)
    const [, word, beat, followed] = cells
    const pill = word?.firstElementChild
    if (pill) pill.className = `pill ${feed}`
    if (pill) pill.textContent = feed
    if (beat) beat.textContent = beat_age_ms === null ? 'not known' : `${printAge(beat_age_ms)} ago`
    if (followed) followed.textContent = printCount(watched)
  }
}

async function look(): Promise<void> {
  if (document.hidden) return
  const answer = await fetch('/v1/status').catch(() => null)
  const status = answer?.ok ? ((await answer.json()) as { readonly data: Status }).data : null
  part('now-away').hidden = status !== null
  if (status === null) return
  const changed = status.feed !== part('now-feed').dataset['feed']
  const reading = document.querySelector('details[open]') !== null
  if (changed || (Date.now() - openedMs > ANEW_MS && !reading)) location.reload()
  else show(status)
}

setInterval(() => void look(), EVERY_MS)
document.addEventListener('visibilitychange', () => void look())

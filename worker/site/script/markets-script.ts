import { part } from './part.ts'
import { element } from './picture/element.ts'

/** So long (ms) nothing was typed before names are asked for. */
const PAUSE_MS = 180
const LEAST_TYPED = 2

type Name = { readonly ticker: string; readonly title: string }

const input = part<HTMLInputElement>('q')
const names = part('names')
let timer = 0
let asked = ''

/** Suggests markets for what has been typed so far; what is no answer suggests nothing. */
async function suggest(): Promise<void> {
  const typed = input.value.trim()
  if (typed.length < LEAST_TYPED || typed === asked) return
  asked = typed
  const answer = await fetch(`/market-names?q=${encodeURIComponent(typed)}`).catch(() => null)
  if (answer === null || !answer.ok || typed !== asked) return
  const { data } = (await answer.json()) as { readonly data: readonly Name[] }
  names.replaceChildren(
    ...data.map(({ ticker, title }) => {
      const option = element('option', '', title)
      option.value = ticker
      return option
    }),
  )
}

input.addEventListener('input', (event) => {
  clearTimeout(timer)
  // Somebody took a suggestion: its market is meant.
  const chosen = [...names.querySelectorAll('option')].some(({ value }) => value === input.value)
  if (chosen && !(event instanceof InputEvent && event.inputType.startsWith('insertText'))) {
    location.assign(`/markets/${encodeURIComponent(input.value)}`)
    return
  }
  timer = setTimeout(() => void suggest(), PAUSE_MS)
})

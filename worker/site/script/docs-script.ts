import { wireCopyButton } from './copy-button.ts'
import { part } from './part.ts'
import { element } from './picture/element.ts'

/** How many places are shown for what somebody looks for. */
const MOST_FOUND = 12

type Place = readonly [title: string, href: string]

for (const box of document.querySelectorAll('.docs-text .copy')) {
  const button = element('button', 'second', 'Copy')
  button.type = 'button'
  wireCopyButton(button, box.querySelector('code'))
  box.append(button)
}

// Beside the text there is room for all pages; above it, they would hide it.
const nav = document.querySelector<HTMLDetailsElement>('.docs-nav')
const narrow = matchMedia('(max-width: 720px)')
const fold = () => {
  if (nav !== null) nav.open = !narrow.matches
}
narrow.addEventListener('change', fold)
fold()

const search = document.querySelector<HTMLElement>('.docs-search')
const field = document.querySelector<HTMLInputElement>('#docs-search')
if (search !== null && field !== null) {
  let places: Promise<readonly Place[]> | null = null
  search.hidden = false
  field.addEventListener('input', async () => {
    places ??= fetch('/docs/search.json').then((answer) => answer.json() as Promise<Place[]>)
    show(await places, field.value)
  })
}

/** Shows the places that have every word of what is looked for. */
function show(places: readonly Place[], asked: string): void {
  const words = asked.toLowerCase().split(/\s+/).filter(Boolean)
  const list = part('docs-found')
  const found = places.filter(([title]) =>
    words.every((word) => title.toLowerCase().includes(word)),
  )
  list.hidden = words.length === 0
  list.replaceChildren(...found.slice(0, MOST_FOUND).map(itemOf))
  if (found.length === 0) list.append('Nothing of that name.')
}

function itemOf([title, href]: Place): HTMLElement {
  const link = element('a', '', title)
  link.href = href
  return element('li', '', link)
}

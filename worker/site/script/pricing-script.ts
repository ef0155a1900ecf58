import { type ReadUse, readDailyUse, USE_FIELDS } from '#core/plan-advice'
import { type AdviceWords, adviceWords } from '../advice-words.ts'
import { part } from './part.ts'
import { element } from './picture/element.ts'

const form = part<HTMLFormElement>('use')
form.addEventListener('input', show)
form.addEventListener('submit', (event) => {
  event.preventDefault()
  show()
})
form.querySelector('button')?.remove()
show()

function show(): void {
  const typed = Object.fromEntries(
    USE_FIELDS.map((field) => [field, part<HTMLInputElement>(field).value]),
  )
  const read = readDailyUse(typed)
  showFault(read)
  if (!read.ok) {
    part('advice').textContent = 'One of the numbers cannot be read.'
    return
  }
  const words = adviceWords(read.use)
  part('advice').textContent = words.sentence
  const costs = part('costs')
  costs.closest('table')?.removeAttribute('hidden')
  costs.replaceChildren(...words.costs.map((cost) => rowOf(cost, words.cheapest)))
}

function showFault(read: ReadUse): void {
  for (const field of USE_FIELDS) {
    const input = part(field)
    const wrong = !read.ok && read.field === field ? read.message : null
    document.getElementById(`${field}-fault`)?.remove()
    input.setAttribute(
      'aria-describedby',
      `${field}-hint${wrong === null ? '' : ` ${field}-fault`}`,
    )
    if (wrong === null) {
      input.removeAttribute('aria-invalid')
      continue
    }
    input.setAttribute('aria-invalid', 'true')
    const fault = element('p', 'fault', `This ${wrong}.`)
    fault.id = `${field}-fault`
    input.parentElement?.append(fault)
  }
}

function rowOf(
  { plan, title, price, why }: AdviceWords['costs'][number],
  cheapest: string,
): HTMLElement {
  const head = element('th', '', title)
  head.scope = 'row'
  const chosen = plan === cheapest ? 'chosen' : ''
  return element('tr', chosen, head, element('td', 'num', price), element('td', 'quiet', why))
}

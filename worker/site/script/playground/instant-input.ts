import { parseInstant } from '#core/instant'
import { element } from '../picture/element.ts'
import { type FieldInput, textInput } from './text-input.ts'

/** Instants that are often asked for: how long ago (ms). */
const OFTEN: readonly (readonly [name: string, agoMs: number])[] = [
  ['now', 0],
  ['−5 min', 300_000],
  ['−1 h', 3_600_000],
  ['−1 day', 86_400_000],
]

/** A field of an instant: free text, a picker in UTC that writes into it, and instants that are often asked for. */
export function instantInput(id: string, value: string): FieldInput {
  const input = textInput(id, value)
  input.placeholder = '2026-11-21T17:00:00Z, or epoch time'
  const picker = element('input')
  picker.type = 'datetime-local'
  picker.step = '1'
  picker.setAttribute('aria-label', 'Pick a time in UTC')
  const follow = () => {
    const at = parseInstant(input.value)
    picker.value = at === null ? '' : new Date(at / 1000).toISOString().slice(0, 19)
  }
  const write = (text: string) => {
    input.value = text
    input.dispatchEvent(new Event('input', { bubbles: true }))
  }
  input.addEventListener('input', follow)
  picker.addEventListener('change', () => {
    if (picker.value !== '') write(`${picker.value.padEnd(19, ':00')}Z`)
  })
  const often = OFTEN.map(([name, agoMs]) => {
    const button = element('button', 'second', name)
    button.type = 'button'
    button.addEventListener('click', () => write(new Date(Date.now() - agoMs).toISOString()))
    return button
  })
  follow()
  const box = element(
    'div',
    '',
    input,
    element('div', 'times', picker, element('span', 'quiet', 'UTC'), ...often),
  )
  return { box, input, read: () => input.value }
}

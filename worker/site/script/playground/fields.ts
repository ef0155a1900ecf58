import { FORMAT, type Values } from '../../playground/call.ts'
import type { Operation, OperationField } from '../../playground/operation.ts'
import { csrfWord } from '../page-key.ts'
import { element } from '../picture/element.ts'
import { inputOf } from './inputs.ts'

/** What is asked for most, beside what is required and times. */
const FIRST = ['depth', 'q', 'status', 'market', 'tickers', 'event', 'limit', 'conflate_ms', 'by']

/** The fields of one endpoint's form. */
export class Fields {
  readonly #box: HTMLElement
  readonly #showcase: readonly string[]
  readonly #read = new Map<string, () => string>()
  readonly #faults = new Map<string, { readonly text: HTMLElement; readonly input: HTMLElement }>()

  /** @param showcase tickers that are offered */
  constructor(box: HTMLElement, showcase: readonly string[]) {
    this.#box = box
    this.#showcase = showcase
  }

  /** Makes the fields anew. */
  show(operation: Operation, values: Values): void {
    this.#read.clear()
    this.#faults.clear()
    const row = (field: OperationField) => this.#row(field, values[field.name] ?? '')
    const rows = operation.fields.filter(isFirst).map(row)
    const others = operation.fields.filter((field) => !isFirst(field))
    if (operation.formats.length > 1) others.push(formatOf(operation))
    if (others.length > 0) rows.push(more(others, others.map(row), values))
    this.#box.replaceChildren(...rows)
  }

  /** What they hold; what is empty is left out. */
  values(): Values {
    const entries = [...this.#read].map(([name, read]) => [name, read().trim()] as const)
    return Object.fromEntries(entries.filter(([, text]) => text !== ''))
  }

  /** Says beside a field what is wrong with it. @returns whether there is such a field */
  fault(name: string, message: string): boolean {
    const place = this.#faults.get(name)
    if (place === undefined) return false
    place.text.textContent = `This ${message}`
    place.text.hidden = false
    place.input.setAttribute('aria-invalid', 'true')
    const folded = place.input.closest('details')
    if (folded !== null) folded.open = true
    return true
  }

  /** The field that is wrong, to be mended first. */
  focusFault(): void {
    this.#box.querySelector<HTMLElement>('[aria-invalid="true"]')?.focus()
  }

  /** Nothing is wrong any more. */
  clearFaults(): void {
    for (const { text, input } of this.#faults.values()) {
      text.hidden = true
      input.removeAttribute('aria-invalid')
    }
  }

  #row(field: OperationField, value: string): HTMLElement {
    const { name, about, required, kind } = field
    const id = `field-${name}`
    const made = inputOf(field, id, value, this.#showcase)
    // How an instant is written, its own placeholder shows.
    const [told = ''] = kind === 'instant' ? about.split('. RFC 3339') : [about + searchWords(kind)]
    const hint = element('p', 'quiet about', told)
    hint.id = `${id}-hint`
    const fault = element('p', 'fault')
    fault.id = `${id}-fault`
    fault.hidden = true
    made.input.setAttribute('aria-describedby', told === '' ? fault.id : `${hint.id} ${fault.id}`)
    if (required) made.input.setAttribute('aria-required', 'true')
    this.#read.set(name, made.read)
    this.#faults.set(name, { text: fault, input: made.input })
    const several = kind === 'several'
    const label = several ? element('legend') : element('label')
    if (label instanceof HTMLLabelElement) label.htmlFor = id
    label.append(name === FORMAT ? 'Format' : name)
    if (required) label.append(element('span', 'must', 'required'))
    const row = element(several ? 'fieldset' : 'div', 'field', label, made.box)
    if (told !== '') row.append(hint)
    row.append(fault)
    return row
  }
}

function searchWords(kind: OperationField['kind']): string {
  if (kind !== 'market' && kind !== 'markets' && kind !== 'event' && kind !== 'series') return ''
  if (csrfWord() !== null) return '. Type to search: a search costs 1 credit'
  return kind === 'market' || kind === 'markets' ? '. Visitors see those that are offered' : ''
}

/** Whether a field is always in sight: the others are folded away. */
function isFirst({ required, kind, name }: OperationField): boolean {
  return required || kind === 'instant' || kind === 'several' || FIRST.includes(name)
}

function more(
  fields: readonly OperationField[],
  rows: readonly HTMLElement[],
  values: Values,
): HTMLElement {
  const names = fields.map(({ name }) => (name === FORMAT ? 'format' : name)).join(', ')
  const summary = element('summary', '', 'More: ', element('span', 'quiet', names))
  const details = element('details', 'more', summary, ...rows)
  details.open = fields.some(({ name }) => (values[name] ?? '') !== '')
  return details
}

function formatOf({ formats }: Operation): OperationField {
  return {
    name: FORMAT,
    where: 'query',
    kind: 'choice',
    required: false,
    about: '',
    choices: formats.slice(1),
    fallback: 'JSON, a page',
  }
}

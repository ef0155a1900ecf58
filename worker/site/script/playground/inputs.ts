import { CSV_FORMAT, NDJSON_FORMAT, type OperationField } from '../../playground/operation.ts'
import { element } from '../picture/element.ts'
import { Combobox } from './combobox.ts'
import { instantInput } from './instant-input.ts'
import { suggestTickers } from './suggestions.ts'
import { type FieldInput, textInput } from './text-input.ts'

/** Makes the input of a field. @param showcase tickers that are offered */
export function inputOf(
  field: OperationField,
  id: string,
  value: string,
  showcase: readonly string[],
): FieldInput {
  switch (field.kind) {
    case 'choice':
      return choiceInput(field, id, value)
    case 'several':
      return severalInput(field, id, value)
    case 'number':
      return numberInput(field, id, value)
    case 'instant':
      return instantInput(id, value)
    case 'market':
    case 'markets':
      return tickerInput(field, id, value, 'ticker', showcase)
    case 'event':
    case 'series':
      return tickerInput(field, id, value, field.kind, showcase)
    case 'text':
      return plain(textInput(id, value))
  }
}

function plain(input: HTMLInputElement | HTMLSelectElement): FieldInput {
  return { box: input, input, read: () => input.value }
}

function numberInput({ least, most, fallback }: OperationField, id: string, value: string) {
  const input = textInput(id, value)
  input.type = 'number'
  input.step = '1'
  if (least !== undefined) input.min = String(least)
  if (most !== undefined) input.max = String(most)
  if (fallback !== undefined) input.placeholder = fallback
  return plain(input)
}

function choiceInput(
  { choices = [], fallback, required }: OperationField,
  id: string,
  value: string,
) {
  const select = element('select')
  select.id = id
  const none = fallback === undefined ? 'not given' : `${fallback} (default)`
  const first = new Option(required ? 'choose' : none, '')
  const options = choices
    .filter((choice) => choice !== fallback)
    .map((choice) => new Option(nameOf(choice), choice))
  select.append(first, ...options)
  if (choices.includes(value)) select.value = value
  return plain(select)
}

function nameOf(choice: string): string {
  const names: Readonly<Record<string, string>> = {
    [NDJSON_FORMAT]: 'NDJSON, as a stream',
    [CSV_FORMAT]: 'CSV, as a stream',
  }
  return names[choice] ?? choice
}

function severalInput({ choices = [], fallback = '' }: OperationField, id: string, value: string) {
  const given = (value === '' ? fallback : value).split(',')
  const boxes = choices.map((choice) => {
    const input = element('input')
    input.type = 'checkbox'
    input.value = choice
    input.checked = given.includes(choice)
    return input
  })
  const labels = boxes.map((input) => element('label', 'check', input, input.value))
  const box = element('div', 'several', ...labels)
  box.id = id
  const read = () =>
    boxes
      .filter(({ checked }) => checked)
      .map((each) => each.value)
      .join()
  return { box, input: box, read: () => (read() === fallback ? '' : read()) }
}

function tickerInput(
  { kind, example }: OperationField,
  id: string,
  value: string,
  what: 'ticker' | 'event' | 'series',
  showcase: readonly string[],
): FieldInput {
  const input = textInput(id, value)
  if (example !== undefined) input.placeholder = example.split(',')[0] ?? ''
  const box = element('div', 'combo', input)
  new Combobox(input, box, { suggest: suggestTickers(what, showcase), list: kind === 'markets' })
  return { box, input, read: () => input.value }
}

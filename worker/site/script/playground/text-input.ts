import { element } from '../picture/element.ts'

/** What a field is asked by. */
export type FieldInput = {
  readonly box: HTMLElement
  /** Bears what is said of the field. */
  readonly input: HTMLElement
  readonly read: () => string
}

/** A field of one line. */
export function textInput(id: string, value: string): HTMLInputElement {
  const input = element('input')
  input.id = id
  input.type = 'text'
  input.value = value
  input.autocomplete = 'off'
  input.spellcheck = false
  return input
}

import { element } from '../picture/element.ts'

/** One thing that may be chosen. */
export type Suggestion = { readonly value: string; readonly title: string }

/** Finds what may be chosen for what was typed. */
export type Suggest = (typed: string) => Promise<readonly Suggestion[]>

/** How a combobox is made. */
export type ComboboxOptions = {
  readonly suggest: Suggest
  /** A word alone is asked for, of a list with commas. */
  readonly list: boolean
}

let made = 0

/** A text field with suggestions, after the ARIA pattern of an editable combobox with a list that is chosen from by hand. */
export class Combobox {
  readonly #input: HTMLInputElement
  readonly #list = element('ul')
  readonly #options: ComboboxOptions
  #shown: readonly Suggestion[] = []
  #active = -1
  /** Which asking is the last: what earlier ones find is not shown. */
  #asking = 0
  /** Whether what was chosen is just being put in: nothing is asked for it. */
  #taking = false

  /** @param input stands in a box of class `combo`, which takes the list */
  constructor(input: HTMLInputElement, box: HTMLElement, options: ComboboxOptions) {
    made += 1
    this.#input = input
    this.#options = options
    this.#list.id = `suggestions-${made}`
    this.#list.hidden = true
    this.#list.setAttribute('role', 'listbox')
    this.#list.setAttribute('aria-label', 'Suggestions')
    input.setAttribute('role', 'combobox')
    input.setAttribute('aria-autocomplete', 'list')
    input.setAttribute('aria-controls', this.#list.id)
    input.setAttribute('aria-expanded', 'false')
    input.autocomplete = 'off'
    box.append(this.#list)
    input.addEventListener('input', () => {
      if (!this.#taking) void this.#ask()
    })
    input.addEventListener('click', () => void this.#ask())
    input.addEventListener('blur', () => this.#close())
    input.addEventListener('keydown', (event) => this.#key(event))
  }

  async #ask(): Promise<void> {
    this.#asking += 1
    const asking = this.#asking
    const found = await this.#options.suggest(this.#word().trim())
    if (asking !== this.#asking || document.activeElement !== this.#input) return
    const given = this.#options.list ? this.#before().split(',') : []
    this.#open(found.filter(({ value }) => !given.includes(value)))
  }

  #open(found: readonly Suggestion[]): void {
    this.#shown = found
    this.#active = -1
    this.#list.replaceChildren(
      ...found.map(({ value, title }, i) => {
        const option = element('li', '', element('b', '', value))
        if (title !== '') option.append(element('span', '', title))
        option.id = `${this.#list.id}-${i}`
        option.setAttribute('role', 'option')
        option.setAttribute('aria-selected', 'false')
        // The field keeps the focus.
        option.addEventListener('mousedown', (event) => event.preventDefault())
        option.addEventListener('click', () => this.#take(i))
        return option
      }),
    )
    this.#show(found.length > 0)
  }

  #show(open: boolean): void {
    this.#list.hidden = !open
    this.#input.setAttribute('aria-expanded', String(open))
    if (!open) this.#input.removeAttribute('aria-activedescendant')
  }

  #close(): void {
    this.#asking += 1
    this.#show(false)
  }

  #key(event: KeyboardEvent): void {
    const open = !this.#list.hidden
    switch (event.key) {
      case 'ArrowDown':
      case 'ArrowUp': {
        event.preventDefault()
        if (!open) void this.#ask()
        else this.#point(this.#active + (event.key === 'ArrowDown' ? 1 : -1))
        break
      }
      case 'Enter':
        if (!open || this.#active < 0) break
        event.preventDefault()
        this.#take(this.#active)
        break
      case 'Escape':
        if (!open) break
        event.preventDefault()
        this.#close()
        break
      default:
        break
    }
  }

  #point(to: number): void {
    const count = this.#shown.length
    if (count === 0) return
    this.#active = to < 0 ? count - 1 : to % count
    for (const [i, option] of [...this.#list.children].entries()) {
      option.setAttribute('aria-selected', String(i === this.#active))
    }
    const chosen = this.#list.children[this.#active]
    chosen?.scrollIntoView({ block: 'nearest' })
    this.#input.setAttribute('aria-activedescendant', chosen?.id ?? '')
  }

  #take(i: number): void {
    const { value } = this.#shown[i] ?? { value: '' }
    this.#input.value = this.#before() + value
    this.#taking = true
    this.#input.dispatchEvent(new Event('input', { bubbles: true }))
    this.#taking = false
    this.#close()
  }

  /** What is being typed, and what stands before it. */
  #word(): string {
    return this.#input.value.slice(this.#before().length)
  }

  #before(): string {
    const { value } = this.#input
    return this.#options.list ? value.slice(0, value.lastIndexOf(',') + 1) : ''
  }
}

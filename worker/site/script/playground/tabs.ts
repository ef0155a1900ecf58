import { element } from '../picture/element.ts'

/** A row of tabs with their panels, after the ARIA pattern: arrows go from one to the next. */
export class Tabs {
  readonly #buttons: ReadonlyMap<string, HTMLButtonElement>
  readonly #choose: (name: string) => void
  #chosen = ''

  /**
   * @param box takes the row
   * @param names of the tabs, as they are shown, with the id of the panel of each
   * @param label what they are for
   * @param choose is told which is chosen by hand
   */
  constructor(
    box: HTMLElement,
    names: ReadonlyMap<string, string>,
    label: string,
    choose: (name: string) => void,
  ) {
    this.#choose = choose
    const entries = [...names].map(([name, panel]) => {
      const button = element('button', '', name)
      button.type = 'button'
      button.setAttribute('role', 'tab')
      button.setAttribute('aria-controls', panel)
      button.addEventListener('click', () => this.#take(name))
      return [name, button] as const
    })
    this.#buttons = new Map(entries)
    box.className = 'tabs'
    box.setAttribute('role', 'tablist')
    box.setAttribute('aria-label', label)
    box.replaceChildren(...this.#buttons.values())
    box.addEventListener('keydown', (event) => this.#key(event))
    this.show(entries[0]?.[0] ?? '')
  }

  get chosen(): string {
    return this.#chosen
  }

  /** Chooses one without telling. */
  show(name: string): void {
    this.#chosen = name
    for (const [each, button] of this.#buttons) {
      button.setAttribute('aria-selected', String(each === name))
      button.tabIndex = each === name ? 0 : -1
    }
  }

  #take(name: string): void {
    this.show(name)
    this.#choose(name)
  }

  #key(event: KeyboardEvent): void {
    const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key]
    if (step === undefined) return
    event.preventDefault()
    const names = [...this.#buttons.keys()]
    const at = (names.indexOf(this.#chosen) + step + names.length) % names.length
    const name = names[at] ?? ''
    this.#take(name)
    this.#buttons.get(name)?.focus()
  }
}

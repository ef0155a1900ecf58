import type { Call } from '../../playground/call.ts'
import { LANGUAGES, type Language, sampleOf } from '../../playground/samples.ts'
import { wireCopyButtons } from '../copy-button.ts'
import { part } from '../part.ts'
import { Tabs } from './tabs.ts'

const CHOSEN = 'kalshibook-sample'

/** The call as code, in the language that was chosen last. */
export class SampleView {
  readonly #tabs: Tabs
  #call: Call | null = null

  constructor() {
    const names = new Map(LANGUAGES.map((name) => [name, 'sample-box']))
    this.#tabs = new Tabs(part('sample-tabs'), names, 'Language', (name) => {
      localStorage.setItem(CHOSEN, name)
      this.#draw()
    })
    const chosen = LANGUAGES.find((name) => name === localStorage.getItem(CHOSEN))
    if (chosen !== undefined) this.#tabs.show(chosen)
    wireCopyButtons(part('sample-box'))
  }

  /** Shows a call. */
  show(call: Call): void {
    this.#call = call
    this.#draw()
  }

  #draw(): void {
    if (this.#call === null) return
    part('sample').textContent = sampleOf(
      this.#tabs.chosen as Language,
      this.#call,
      location.origin,
    )
  }
}

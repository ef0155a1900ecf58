import type { Page } from 'playwright-core'

/** How long (ms) a person takes for a press, and for a field to be filled in. */
const PRESS_MS = 2000
const FIELD_MS = 3000

/** Counts what a person does on pages, and how long they wait for them. */
export class PersonSteps {
  readonly page: Page
  presses = 0
  fields = 0
  waitedMs = 0

  constructor(page: Page) {
    this.page = page
  }

  /** Presses something, and waits until something else is there. @param does in place of a press of `what` */
  async press(what: string, until: string, does?: () => Promise<unknown>): Promise<void> {
    this.presses += 1
    const began = performance.now()
    await (does?.() ?? this.page.locator(what).click())
    await this.page.locator(until).first().waitFor()
    this.waitedMs += performance.now() - began
  }

  async fill(what: string, text: string): Promise<void> {
    this.fields += 1
    await this.page.fill(what, text)
  }

  /** What all that takes a person, ms. */
  get personMs(): number {
    return this.presses * PRESS_MS + this.fields * FIELD_MS + this.waitedMs
  }
}

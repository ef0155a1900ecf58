/** Colours of the page, for what is drawn on a canvas: as the scheme, light or dark, has them now. */
export class Inks {
  readonly #probe: HTMLElement
  #known = new Map<string, string>()

  /**
   * @param near an element in the page
   * @param changed is told when the scheme has changed: all is to be drawn again
   */
  constructor(near: HTMLElement, changed: () => void) {
    this.#probe = document.createElement('span')
    this.#probe.hidden = true
    near.append(this.#probe)
    matchMedia('(prefers-color-scheme: dark)').addEventListener('change', () => {
      this.#known = new Map()
      changed()
    })
  }

  /** What a variable of the style stands for, `--bid`, as a colour that a canvas takes. */
  of(variable: string): string {
    const known = this.#known.get(variable)
    if (known !== undefined) return known
    this.#probe.style.color = `var(${variable})`
    const ink = getComputedStyle(this.#probe).color
    this.#known.set(variable, ink)
    return ink
  }
}

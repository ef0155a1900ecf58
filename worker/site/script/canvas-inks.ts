/** The page's colours, as they are now: a canvas knows nothing of styles. */
export class CanvasInks {
  readonly #place: HTMLElement
  readonly #count: number
  text = ''
  line = ''
  parts: readonly string[] = []

  /** @param count how many parts are told apart by their colours */
  constructor(place: HTMLElement, count: number) {
    this.#place = place
    this.#count = count
    this.read()
  }

  /** Reads them anew: light has become dark, or the other way round. */
  read(): void {
    const tried = document.createElement('i')
    tried.hidden = true
    this.#place.append(tried)
    const [text = '', line = '', ...parts] = [
      'quiet',
      'edge',
      ...Array.from({ length: this.#count }, (_, at) => `s${at}`),
    ].map((name) => {
      tried.style.color = `var(--${name})`
      return getComputedStyle(tried).color
    })
    tried.remove()
    this.text = text
    this.line = line
    this.parts = parts
  }
}

/** Why the exchange must not be read now: what it says could not be kept. */
export type Shut = 'overflow' | 'disk'

/** Tells whoever reads the exchange whether the spool takes what it reads; the spool outlives its readers. */
export class SpoolValve {
  #shut: Shut | null = null
  #listener: (shut: Shut | null) => void = () => {}

  /** The only listener from now on; it hears at once when the valve is shut already. */
  listen(listener: (shut: Shut | null) => void): void {
    this.#listener = listener
    if (this.#shut !== null) listener(this.#shut)
  }

  shut(why: Shut): void {
    this.#shut = why
    this.#listener(why)
  }

  open(): void {
    this.#shut = null
    this.#listener(null)
  }
}

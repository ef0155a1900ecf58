/**
 * Does what comes at about the same time in one turn: SQLite then keeps all of it in one transaction, for the price that
 * one request would have. Who is answered has been kept, as an object's answers wait for its disk.
 */
export class Turns {
  #waiting: (() => void)[] = []

  /** Does something in the next turn. Rejects as `work` throws. */
  next<Result>(work: () => Result): Promise<Result> {
    return new Promise((resolve, reject) => {
      if (this.#waiting.length === 0) setTimeout(() => this.#run(), 0)
      this.#waiting.push(() => {
        try {
          resolve(work())
        } catch (error) {
          reject(error)
        }
      })
    })
  }

  #run(): void {
    const waiting = this.#waiting
    this.#waiting = []
    for (const work of waiting) work()
  }
}

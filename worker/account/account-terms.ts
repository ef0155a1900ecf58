import type { Micros } from '#core/instant'
import { type Terms, termsAt } from '#core/terms'
import { periodOf } from '#core/visitor-standing'
import type { Purse } from './account-purse.ts'
import type { Known } from './account-standing.ts'

/** An account that exists, with its keys. */
export type KnownAccount = Known & { readonly standing: NonNullable<Known['standing']> }

/** What an account may do now, worked out anew when its standing, its plan or the period changes. */
export class AccountTerms {
  readonly #name: string
  readonly #purse: Purse
  #period: ReturnType<typeof periodOf> | null = null
  #terms: { readonly of: KnownAccount['standing']; readonly terms: Terms } | null = null

  constructor(name: string, purse: Purse) {
    this.#name = name
    this.#purse = purse
  }

  /** The period that is counted, which begins by itself. A clock that goes back does not bring back the one before. */
  period(nowUs: Micros): ReturnType<typeof periodOf> {
    if (this.#period === null || nowUs >= this.#period.toUs) {
      const atUs = Math.max(nowUs, this.#purse.fromUs) as Micros
      this.#period = periodOf(this.#name, atUs)
      this.#purse.roll(this.#period.fromUs)
      this.#terms = null
    }
    return this.#period
  }

  at(known: KnownAccount, nowUs: Micros): Terms {
    const { fromUs } = this.period(nowUs)
    const last = this.#terms
    if (last?.of === known.standing && nowUs >= last.terms.fromUs && nowUs < last.terms.untilUs)
      return last.terms
    const terms = termsAt(known.standing, fromUs, nowUs)
    this.#terms = { of: known.standing, terms }
    return terms
  }
}

/** How the exchange charges for a trade. */
export type FeeType =
  | 'quadratic'
  | 'quadratic_with_maker_fees'
  | 'quadratic_with_combo_maker_fees'
  | 'flat'

export type Fee = { type: FeeType; multiplier: number }

/** What an event charges instead of its series' fee; null falls back to that. */
export type FeeOverride = { type: FeeType | null; multiplier: number | null }

/** A change of a series' fee, and when (microseconds) it takes effect. */
export type FeeChange = { id: string; series: string; fee: Fee; atUs: number }

/** A change of what an event charges instead. */
export type OverrideChange = { id: string; event: string; override: FeeOverride; atUs: number }

const USUAL: Fee = { type: 'quadratic', multiplier: 1 }

/** What every series and event charges, and every change of it that was announced. */
export class Fees {
  readonly seriesChanges: FeeChange[] = []
  readonly eventChanges: OverrideChange[] = []

  /** Announces a series' fee from a moment on (microseconds). */
  changeSeries(series: string, fee: Fee, atUs: number): void {
    this.seriesChanges.push({ id: `fee-${this.seriesChanges.length + 1}`, series, fee, atUs })
  }

  /** Gives an event a fee of its own. */
  changeEvent(event: string, override: FeeOverride, atUs: number): void {
    const id = `override-${this.eventChanges.length + 1}`
    this.eventChanges.push({ id, event, override, atUs })
  }

  /** @returns the fee of a series at a moment (microseconds) */
  ofSeries(series: string, atUs: number): Fee {
    const past = this.seriesChanges.filter((each) => each.series === series && each.atUs <= atUs)
    return past.sort((a, b) => a.atUs - b.atUs).at(-1)?.fee ?? USUAL
  }

  /** @returns what an event charges instead of its series' fee */
  ofEvent(event: string): FeeOverride {
    const last = this.eventChanges.findLast((each) => each.event === event)
    return last?.override ?? { type: null, multiplier: null }
  }
}

import type { RateWord } from './admission.ts'
import type { ApiErrorCode } from './api-error.ts'

/** For so long (ms) after a refusal an account's requests wait for its word before their work begins. */
const DOUBTED_MS = 2000
/** So often (ms) it is looked up whether such an account is blocked. */
const LOOK_MS = 2000
const MOST_ACCOUNTS = 1000

/** The account's last refusal. */
export type Refusal = { readonly rate: RateWord; readonly left: number }

/** That an account floods us: until then it is not asked. */
export type Block = { readonly untilMs: number; readonly code: ApiErrorCode }

type Known = { refusal: Refusal; atMs: number; lookedMs: number; block: Block | null }

/**
 * The accounts that were refused a moment ago. Those who were not are never looked up; those who were have their requests
 * wait, so that a flood reaches no store, and are looked up for a block now and then. Of too many the one that was
 * refused longest ago is forgotten.
 */
export class RefusedAccounts {
  readonly #known = new Map<string, Known>()

  /** Whether an account's word should be heard before any work is begun for it. */
  isDoubted(account: string, nowMs: number): boolean {
    const known = this.#known.get(account)
    return known !== undefined && Math.abs(nowMs - known.atMs) < DOUBTED_MS
  }

  /** The block that an account is under, with its last refusal; null when it is under none. */
  blocked(account: string, nowMs: number): (Block & Refusal) | null {
    const known = this.#known.get(account)
    if (known === undefined || known.block === null || known.block.untilMs <= nowMs) return null
    return { ...known.block, ...known.refusal }
  }

  /** Notes a refusal. @returns whether it is to be looked up now whether the account is blocked */
  refused(account: string, refusal: Refusal, nowMs: number): boolean {
    const known = this.#known.get(account)
    const due = known === undefined || Math.abs(nowMs - known.lookedMs) >= LOOK_MS
    const lookedMs = due ? nowMs : known.lookedMs
    this.#known.delete(account)
    for (const oldest of this.#known.keys()) {
      if (this.#known.size < MOST_ACCOUNTS) break
      this.#known.delete(oldest)
    }
    this.#known.set(account, { refusal, atMs: nowMs, lookedMs, block: known?.block ?? null })
    return due
  }

  /** Notes what was found in a look-up. */
  found(account: string, block: Block | null): void {
    const known = this.#known.get(account)
    if (known !== undefined) known.block = block
  }
}

import type { Sql } from 'postgres'
import type { Micros } from '#core/instant'
import { isBehind, isPageKey, type StandingKey } from '#core/key-standing'
import { type AccountStanding, accountStanding } from '#core/standing'
import { isVisitors, periodOf, visitorStanding } from '#core/visitor-standing'
import { PASSED_US } from './account-journal.ts'

/** A copy older than this (ms) is read anew, beside the work. */
const FRESH_MS = 60_000
/** After a reading that failed the next one waits so long, ms. */
const AGAIN_MS = 5000
/** What Postgres did not know either is not asked again for so long (ms), for so many keys. */
const ABSENT_MS = 5000
const MOST_ABSENT = 100

/** What is known of an account: its standing, null when there is no such account; and its keys by id. */
export type Known = {
  readonly standing: AccountStanding | null
  readonly keys: ReadonlyMap<string, StandingKey>
}

/** Reads what Postgres knows. `unspent`: requests went through an open gate. Throws DatabaseAwayError. */
export type ReadStanding = (
  sinceUs: Micros,
) => Promise<{ readonly standing: AccountStanding | null; readonly unspent: boolean }>

/** An account's own copy of what it may do, kept in SQLite; of visitors a constant. */
export class Standing {
  readonly #name: string
  readonly #sql: SqlStorage
  readonly #read: ReadStanding
  readonly #nowMs: () => number
  /** When each was not in Postgres either: a key, or a rev of one. */
  readonly #absent = new Map<string, number>()
  #text = ''
  #known: Known | null = null
  #readMs = Number.NEGATIVE_INFINITY
  #failedMs = Number.NEGATIVE_INFINITY
  #reading: Promise<boolean> | null = null
  #next: Promise<boolean> | null = null

  constructor(name: string, sql: SqlStorage, nowMs: () => number, read: ReadStanding) {
    this.#name = name
    this.#sql = sql
    this.#read = read
    this.#nowMs = nowMs
    sql.exec(
      'create table if not exists standing (one integer primary key, standing text not null)',
    )
    if (isVisitors(name)) {
      this.#known = { standing: visitorStanding(name), keys: new Map() }
      return
    }
    const [row] = sql.exec('select standing from standing').toArray()
    if (row === undefined) return
    this.#text = String(row['standing'])
    // Of an older version of ours maybe: then it is read anew.
    const kept = accountStanding.nullable().safeParse(JSON.parse(this.#text))
    if (kept.success) this.#known = knownOf(kept.data)
  }

  /** The copy; null before the first reading. */
  get known(): Known | null {
    return this.#known
  }

  /** The copy if it will do for a key at a rev; null when Postgres must be asked first. */
  sufficient(keyId: string, rev: number): Known | null {
    const known = this.#known
    if (known === null || isVisitors(this.#name) || isPageKey(keyId)) return known
    if (known.standing === null) return this.#isAbsent('account') ? known : null
    if (!isBehind(known.keys.get(keyId), rev)) return known
    return this.#isAbsent(`${keyId} ${rev}`) ? known : null
  }

  /** The copy after Postgres was asked about a key. Throws DatabaseAwayError when it is away and the key is not known. */
  async ask(keyId: string, rev: number): Promise<Known> {
    const before = this.#known
    const isKnown = before !== null && (before.keys.has(keyId) || isPageKey(keyId))
    try {
      if (isKnown && this.#nowMs() - this.#failedMs < AGAIN_MS) return before
      await this.refresh()
    } catch (error) {
      // The edge knows more of it than we do, and nobody can tell what: what we know holds.
      if (isKnown) return before
      throw error
    }
    const known = this.#known
    if (known === null) throw new Error('a standing that was read is not there')
    if (known.standing === null) this.#noteAbsent('account')
    else if (isBehind(known.keys.get(keyId), rev)) this.#noteAbsent(`${keyId} ${rev}`)
    return known
  }

  /** Whether the copy should be read anew, beside the work. */
  get isStale(): boolean {
    if (isVisitors(this.#name) || this.#reading !== null) return false
    const nowMs = this.#nowMs()
    return nowMs - this.#readMs >= FRESH_MS && nowMs - this.#failedMs >= AGAIN_MS
  }

  /**
   * Reads the standing anew; the reading begins after this was asked. Returns whether requests that went through an open
   * gate are to be spent. Throws DatabaseAwayError.
   */
  refresh(): Promise<boolean> {
    if (isVisitors(this.#name)) return Promise.resolve(false)
    if (this.#reading === null) return this.#start()
    this.#next ??= this.#reading
      .catch(() => false)
      .then(() => {
        this.#next = null
        return this.#start()
      })
    return this.#next
  }

  #start(): Promise<boolean> {
    const reading = this.#load().finally(() => {
      if (this.#reading === reading) this.#reading = null
    })
    this.#reading = reading
    return reading
  }

  async #load(): Promise<boolean> {
    const { fromUs } = periodOf(this.#name, (this.#nowMs() * 1000) as Micros)
    try {
      const { standing, unspent } = await this.#read(fromUs)
      const text = JSON.stringify(standing)
      if (text !== this.#text) {
        this.#sql.exec('insert or replace into standing values (1, ?)', text)
        this.#text = text
        this.#known = knownOf(standing)
      }
      this.#known ??= knownOf(standing)
      this.#readMs = this.#nowMs()
      this.#failedMs = Number.NEGATIVE_INFINITY
      return unspent
    } catch (error) {
      this.#failedMs = this.#nowMs()
      throw error
    }
  }

  #isAbsent(what: string): boolean {
    const age = this.#nowMs() - (this.#absent.get(what) ?? Number.NEGATIVE_INFINITY)
    return age >= 0 && age < ABSENT_MS
  }

  #noteAbsent(what: string): void {
    this.#absent.delete(what)
    for (const oldest of this.#absent.keys()) {
      if (this.#absent.size < MOST_ABSENT) break
      this.#absent.delete(oldest)
    }
    this.#absent.set(what, this.#nowMs())
  }
}

function knownOf(standing: AccountStanding | null): Known {
  return { standing, keys: new Map((standing?.keys ?? []).map((key) => [key.id, key])) }
}

/** Reads a standing as kb_account. @param sinceUs the begin of the month. Throws as `sql` does. */
export async function readStanding(
  sql: Sql,
  accountId: string,
  sinceUs: Micros,
  nowUs: number,
): Promise<Awaited<ReturnType<ReadStanding>>> {
  const [row] = await sql`
    select kb.account_standing(${accountId}, ${sinceUs})::text as standing,
      exists (select from kb.gate_journal
        where account_id = ${accountId} and spent_us is null
          and at_us <= ${nowUs - PASSED_US}) as unspent`
  const text = row?.['standing']
  const standing = typeof text === 'string' ? accountStanding.parse(JSON.parse(text)) : null
  return { standing, unspent: row?.['unspent'] === true }
}

import { DurableObject } from 'cloudflare:workers'
import type { AccountLimits, AccountUsage, OpenStream } from '#core/account-word'
import type { Admission, LeaseAsk, LeaseWord, SpendAsk } from '#core/admission'
import { API_ERROR_STATUS } from '#core/api-error'
import type { CallEnd, LoggedCall } from '#core/call-log'
import type { Micros } from '#core/instant'
import { type BlockedRecord, blockedRecordName } from '#core/key-record'
import { isVisitors } from '#core/visitor-standing'
import { STREAM_CLOSE } from '#core/wire/stream'
import { type Env, settingsOf } from '../env.ts'
import { noteUses } from '../keys/key-uses.ts'
import { logFault } from '../log-fault.ts'
import { withAccounts } from './account-database.ts'
import { Absorbed, absorbJournal } from './account-journal.ts'
import { Leases } from './account-leases.ts'
import { writeLedger } from './account-ledger.ts'
import { limitsOf } from './account-limits.ts'
import { SpendMemory } from './account-memory.ts'
import { keptName } from './account-name.ts'
import { Purse } from './account-purse.ts'
import { Rate } from './account-rate.ts'
import { Spending } from './account-spending.ts'
import { type Known, readStanding, Standing } from './account-standing.ts'
import { AccountTerms, type KnownAccount } from './account-terms.ts'
import { Turns } from './account-turns.ts'
import { Upkeep } from './account-upkeep.ts'
import { Usage } from './account-usage.ts'
import { CallLog, MOST_CALLS } from './call-log.ts'
import { LeaseMemory } from './lease-memory.ts'
import { VanishedStreams } from './vanished-streams.ts'

/** KV keeps no record shorter than this, s. https://developers.cloudflare.com/kv/api/write-key-value-pairs/ */
const BLOCK_TTL_S = 60
/** Open streams that are told of at most. */
const MOST_STREAMS = 200

/** One account: its rate, its credits, its open streams and what it used. Of visitors, those of an address prefix, or all. */
export class Account extends DurableObject<Env> {
  readonly #sql = this.ctx.storage.sql
  readonly #name = keptName(this.ctx.id.name, this.#sql)
  readonly #standing = new Standing(
    this.#name,
    this.#sql,
    () => this.nowMs(),
    (sinceUs) =>
      withAccounts(this.env, (sql) => readStanding(sql, this.#name, sinceUs, this.nowMs() * 1000)),
  )
  readonly #purse = new Purse(this.#sql)
  readonly #terms = new AccountTerms(this.#name, this.#purse)
  readonly #rate = new Rate((record) => this.#block(record))
  readonly #usage = new Usage(this.#sql)
  readonly #memory = new SpendMemory(this.#sql, isVisitors(this.#name) ? 0 : MOST_CALLS)
  readonly #calls = new CallLog(this.#sql)
  readonly #spending = new Spending(
    this.#name,
    this.#memory,
    this.#purse,
    this.#usage,
    this.#terms,
    this.#rate,
  )
  readonly #leaseMemory = new LeaseMemory(this.#sql)
  readonly #leases = new Leases(
    this.#name,
    this.#leaseMemory,
    this.#spending,
    this.#terms,
    settingsOf(this.env).STREAM_LEASE_MS,
  )
  readonly #vanished = new VanishedStreams(this.env, this.#name, this.#leases)
  readonly #absorbed = new Absorbed(this.#sql)
  readonly #upkeep = new Upkeep({
    name: this.#name,
    storage: this.ctx.storage,
    memory: this.#memory,
    purse: this.#purse,
    usage: this.#usage,
    spending: this.#spending,
    leases: this.#leaseMemory,
    known: () => accountOf(this.#standing.known),
    nowMs: () => this.nowMs(),
    write: (usage, totals) =>
      withAccounts(this.env, async (sql) => {
        await writeLedger(sql, this.#name, usage, totals)
        await noteUses(sql, this.#name, usage)
      }),
  })
  readonly #turns = new Turns()
  #absorbing: Promise<number> | null = null

  constructor(ctx: DurableObjectState, env: Env) {
    super(ctx, env)
    void ctx.blockConcurrencyWhile(() => this.#upkeep.begin())
  }

  /** The time, ms. */
  protected nowMs(): number {
    return Date.now()
  }

  /** Reserves credits and takes part of the rate, or says why not. Throws DatabaseAwayError before its first reading. */
  async spend(ask: SpendAsk): Promise<Admission> {
    const known = await this.#knownFor(ask)
    return await this.#turns.next(() => {
      const admission = this.#spending.spend(this.#standing.known ?? known, ask, this.nowMs())
      if (admission.ok) this.#upkeep.changed()
      else this.#noteRefusal(ask, admission)
      return admission
    })
  }

  /**
   * Fixes what a request cost; what it had reserved beyond that is free again.
   * @param failed whether its answer was no success
   * @param end how its answer ended, for the log of calls
   */
  settle(
    requestId: string,
    credits: number,
    failed = false,
    end: CallEnd | null = null,
  ): Promise<void> {
    return this.#turns.next(() => {
      const known = accountOf(this.#standing.known)
      if (known === null) return
      this.#spending.settle(known, requestId, credits, failed, end, this.nowMs())
      this.#upkeep.changed()
    })
  }

  /** Opens or renews streams. Throws DatabaseAwayError before its first reading. */
  async lease(asks: readonly LeaseAsk[]): Promise<readonly LeaseWord[]> {
    const words: LeaseWord[] = []
    for (const ask of asks) {
      const word = this.#leases.lease(await this.#knownFor(ask), ask, this.nowMs())
      const isFull = !word.ok && word.code === STREAM_CLOSE.tooManyConnections
      if (!isFull || ask.holder === undefined) words.push(word)
      else {
        await this.#vanished.free(() => this.nowMs())
        words.push(this.#leases.lease(await this.#knownFor(ask), ask, this.nowMs()))
      }
    }
    this.#upkeep.changed()
    return words
  }

  /** Ends streams, with what they delivered in all. Throws DatabaseAwayError before its first reading. */
  async endLeases(asks: readonly LeaseAsk[]): Promise<void> {
    for (const ask of asks) this.#leases.end(await this.#knownFor(ask), ask, this.nowMs())
    this.#upkeep.changed()
  }

  /** Reads its account anew from Postgres: something of it has changed. Throws DatabaseAwayError. */
  async refresh(): Promise<void> {
    const unspent = await this.#standing.refresh()
    if (unspent) this.#beside(this.absorb())
  }

  /** How the account stands. Throws DatabaseAwayError before its first reading, and when there is no such account. */
  async limits(): Promise<AccountLimits> {
    if (this.#standing.known === null) await this.refresh()
    const known = accountOf(this.#standing.known)
    if (known === null) throw new Error('there is no such account')
    const nowMs = this.nowMs()
    this.#spending.releaseDue(known, nowMs)
    const open = this.#leases.count(nowMs)
    return limitsOf(known, this.#terms, this.#purse, this.#rate, open, nowMs)
  }

  /** What was spent in hours that begin in an interval, µs, `toUs` exclusive. */
  usage(fromUs: number, toUs: number): AccountUsage {
    this.#upkeep.fold()
    return this.#usage.read(fromUs as Micros, toUs as Micros)
  }

  /** The last calls, the newest first. */
  calls(): readonly LoggedCall[] {
    return this.#calls.read()
  }

  /** Streams that are open, those opened last first. */
  streams(): readonly OpenStream[] {
    return this.#leases.streams(this.nowMs(), MOST_STREAMS)
  }

  /** Spends what went through an open gate, each request once. @returns how many. Throws DatabaseAwayError. */
  absorb(): Promise<number> {
    if (isVisitors(this.#name)) return Promise.resolve(0)
    this.#absorbing ??= this.#absorb().finally(() => {
      this.#absorbing = null
    })
    return this.#absorbing
  }

  /** Closes hours that are due, and tells the ledger all that it does not know. Throws DatabaseAwayError. */
  closeDue(): Promise<void> {
    return this.#upkeep.closeDue()
  }

  override alarm(): Promise<void> {
    return this.#upkeep.alarm()
  }

  async #absorb(): Promise<number> {
    if (this.#standing.known === null) await this.#standing.refresh()
    const known = accountOf(this.#standing.known)
    if (known === null) return 0
    const connect: Parameters<typeof absorbJournal>[0] = (run) => withAccounts(this.env, run)
    const absorbed = await absorbJournal(
      connect,
      this.#name,
      this.#absorbed,
      this.nowMs(),
      (row) => {
        const what = { keyId: row.key_id, route: row.route, requests: 1 }
        this.#spending.charge(known, row.request_id, what, row.credits, this.nowMs())
      },
    )
    if (absorbed > 0) this.#upkeep.changed()
    return absorbed
  }

  /** What is known of the account, anew if a key asks that is not known, or has changed. */
  async #knownFor({ keyId, rev }: { keyId: string; rev: number }): Promise<Known> {
    const known = this.#standing.sufficient(keyId, rev)
    if (known === null) return await this.#standing.ask(keyId, rev)
    if (this.#standing.isStale) this.#beside(this.refresh())
    return known
  }

  /** Only of a request itself, not of a further block of it; nor of one by a key that is none of the account's. */
  #noteRefusal(ask: SpendAsk, { code }: Extract<Admission, { ok: false }>): void {
    if (!ask.counts || isVisitors(this.#name) || code === 'unauthorized') return
    const keyId = this.#spending.countedAs(ask.keyId)
    this.#calls.refused(ask, keyId, API_ERROR_STATUS[code], this.nowMs())
  }

  #block(record: BlockedRecord): void {
    if (isVisitors(this.#name)) return
    const { code, until_ms } = record
    console.warn(JSON.stringify({ event: 'account_flood', account: this.#name, code, until_ms }))
    const name = blockedRecordName(this.#name)
    // A flood that the edge does not hear of is met here.
    const put = this.env.KEYS.put(name, JSON.stringify(record), { expirationTtl: BLOCK_TTL_S })
    this.ctx.waitUntil(put.catch(() => {}))
  }

  /** Does something that nobody waits for. */
  #beside(work: Promise<unknown>): void {
    this.ctx.waitUntil(work.catch((error: unknown) => logFault(error, `account ${this.#name}`)))
  }
}

function accountOf(known: Known | null): KnownAccount | null {
  const standing = known?.standing ?? null
  return known === null || standing === null ? null : { standing, keys: known.keys }
}

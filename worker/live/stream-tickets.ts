import { DurableObject } from 'cloudflare:workers'
import { OPEN_TICKETS, TICKET_LIFE_MS } from '#core/ticket'
import type { Env } from '../env.ts'

/** Whom a ticket lets in, and where. */
export type Ticket = {
  readonly account: string
  readonly keyId: string
  /** A ticker, or `*`. */
  readonly market: string
  /** The Origin of the page that may use it; null for who has none. */
  readonly origin: string | null
}

/** What becomes of a new ticket: it is kept until then, or its account has too many. */
export type Keeping =
  | { readonly kind: 'kept'; readonly expiresMs: number }
  | { readonly kind: 'full'; readonly retryAfterMs: number }

/** Tickets of some accounts, by their hashes: one is used once, by taking it out, within a minute. */
export class StreamTickets extends DurableObject<Env> {
  readonly #sql = this.ctx.storage.sql

  constructor(ctx: DurableObjectState, env: Env) {
    super(ctx, env)
    this.#sql.exec(`create table if not exists tickets (
      hash text primary key, account text not null, key_id text not null, market text not null,
      origin text, expires_ms integer not null)`)
    this.#sql.exec('create index if not exists by_account on tickets (account)')
  }

  /** Keeps a ticket for a minute. @param hash of its text */
  async keep(hash: string, { account, keyId, market, origin }: Ticket): Promise<Keeping> {
    const now = Date.now()
    const { open, first } = this.#sql
      .exec<{ open: number; first: number | null }>(
        `select count(*) as open, min(expires_ms) as first from tickets
          where account = ? and expires_ms > ?`,
        account,
        now,
      )
      .one()
    if (open >= OPEN_TICKETS) return { kind: 'full', retryAfterMs: (first ?? now) - now }
    const expiresMs = now + TICKET_LIFE_MS
    const insert = 'insert into tickets values (?, ?, ?, ?, ?, ?)'
    this.#sql.exec(insert, hash, account, keyId, market, origin, expiresMs)
    if ((await this.ctx.storage.getAlarm()) === null) await this.ctx.storage.setAlarm(expiresMs)
    return { kind: 'kept', expiresMs }
  }

  /** Takes a ticket out; null when it is not here, was used, or has expired. @param hash of its text */
  redeem(hash: string): Ticket | null {
    const [row] = this.#sql.exec('delete from tickets where hash = ? returning *', hash).toArray()
    if (row === undefined || Number(row['expires_ms']) <= Date.now()) return null
    return {
      account: String(row['account']),
      keyId: String(row['key_id']),
      market: String(row['market']),
      origin: row['origin'] === null ? null : String(row['origin']),
    }
  }

  /** Clears what has expired, and comes again for the rest. */
  override async alarm(): Promise<void> {
    this.#sql.exec('delete from tickets where expires_ms <= ?', Date.now())
    const { last } = this.#sql
      .exec<{ last: number | null }>('select max(expires_ms) as last from tickets')
      .one()
    if (last !== null) await this.ctx.storage.setAlarm(last)
  }
}

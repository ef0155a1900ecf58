import { z } from 'zod'
import type { LeaseAsk } from '#core/admission'
import type { Moved, Wanted } from '#core/subscriptions'

/** A subscription as it is kept while its object is away. */
export type KeptSub = {
  readonly sub: number
  readonly wanted: Wanted
  readonly members: ReadonlySet<string>
  /** What it is owed yet; null when nothing. */
  readonly owed: { readonly tradesFromUs: number | null } | null
}

/** Members of one row at most: a row may have 2 MB. https://developers.cloudflare.com/durable-objects/platform/limits/ */
const PART = 10_000
/** So many that came or went are rows of their own at most, for each subscription: then all members are written anew. */
const MOVED = 300
/** What is kept of each subscription. */
const OF_SUBS = ['subs', 'members', 'moved', 'owed']
/** What is kept of each connection. */
const TABLES = [...OF_SUBS, 'leases']
const texts = z.array(z.string())

/** What a Gateway must not forget: who subscribes to what, and which markets are members of it. */
export class GatewayMemory {
  readonly #sql: SqlStorage

  constructor(sql: SqlStorage) {
    this.#sql = sql
    sql.exec(`create table if not exists subs (
      connection text, sub integer, wanted text, primary key (connection, sub))`)
    sql.exec(`create table if not exists members (
      connection text, sub integer, part integer, markets text, primary key (connection, sub, part))`)
    sql.exec(`create table if not exists moved (
      connection text, sub integer, market text, joined integer, primary key (connection, sub, market))`)
    sql.exec(`create table if not exists owed (
      connection text, sub integer, trades_us integer, primary key (connection, sub))`)
    sql.exec(`create table if not exists leases (
      connection text primary key, key_id text, rev integer)`)
    sql.exec('create table if not exists alive (one integer primary key, at_ms integer)')
  }

  /** When its object was alive for sure, µs; null when that was never noted. */
  get aliveUs(): number | null {
    const [row] = this.#sql.exec('select at_ms from alive').toArray()
    return row === undefined ? null : Number(row['at_ms']) * 1000
  }

  /** Notes that its object is alive. */
  noteAlive(nowMs: number): void {
    this.#sql.exec('insert or replace into alive values (1, ?)', nowMs)
  }

  /** Keeps a connection that was opened. */
  begin({ lease, keyId, rev }: Omit<LeaseAsk, 'marketMinutes'>): void {
    this.#sql.exec('insert or replace into leases values (?, ?, ?)', lease, keyId, rev)
  }

  /** Connections other than these, whose sockets vanished together with their object's memory. */
  vanished(connections: readonly string[]): LeaseAsk[] {
    const query = 'select * from leases where connection not in (select value from json_each(?))'
    const rows = this.#sql.exec(query, JSON.stringify(connections)).toArray()
    return rows.map(({ connection, key_id, rev }) => ({
      lease: String(connection),
      keyId: String(key_id),
      rev: Number(rev),
      marketMinutes: 0,
    }))
  }

  /** Keeps a subscription that was opened. */
  open(connection: string, sub: number, wanted: Wanted, members: readonly string[]): void {
    const text = JSON.stringify(wanted)
    this.#sql.exec('insert into subs values (?, ?, ?)', connection, sub, text)
    this.#write(connection, sub, members)
  }

  /**
   * Keeps that a subscription was not told all that it began with, and so not that it is ready.
   * @param tradesFromUs from when on it wants trades, µs; null for those that come live
   */
  owe(connection: string, sub: number, tradesFromUs: number | null): void {
    // Named, as an object's table may be older and have a column more.
    const insert = 'insert or replace into owed (connection, sub, trades_us) values (?, ?, ?)'
    this.#sql.exec(insert, connection, sub, tradesFromUs)
  }

  /** A subscription was told all that it began with. */
  paid(connection: string, sub: number): void {
    this.#sql.exec('delete from owed where connection = ? and sub = ?', connection, sub)
  }

  /** Keeps which members came to a subscription, and went. */
  move(connection: string, { sub, joined, left }: Moved): void {
    const keep = (market: string, isMember: number) =>
      this.#sql.exec(
        'insert or replace into moved values (?, ?, ?, ?)',
        connection,
        sub,
        market,
        isMember,
      )
    for (const market of joined) keep(market, 1)
    for (const market of left) keep(market, 0)
    const of = 'where connection = ? and sub = ?'
    const { moved } = this.#sql
      .exec(`select count(*) moved from moved ${of}`, connection, sub)
      .one()
    if (Number(moved) <= MOVED) return
    const members = [...this.#members(connection, sub)]
    for (const table of ['members', 'moved']) {
      this.#sql.exec(`delete from ${table} ${of}`, connection, sub)
    }
    this.#write(connection, sub, members)
  }

  /** Forgets a subscription that ended. */
  end(connection: string, sub: number): void {
    for (const table of OF_SUBS) {
      this.#sql.exec(`delete from ${table} where connection = ? and sub = ?`, connection, sub)
    }
  }

  /** Forgets connections other than these. */
  keepOnly(connections: readonly string[]): void {
    const list = JSON.stringify(connections)
    for (const table of TABLES) {
      this.#sql.exec(
        `delete from ${table} where connection not in (select value from json_each(?))`,
        list,
      )
    }
  }

  /** Forgets a connection that is gone. */
  forget(connection: string): void {
    for (const table of TABLES) {
      this.#sql.exec(`delete from ${table} where connection = ?`, connection)
    }
  }

  /** The subscriptions of a connection, in the order of their numbers. */
  load(connection: string): KeptSub[] {
    const rows = this.#sql.exec(
      'select sub, wanted from subs where connection = ? order by sub',
      connection,
    )
    return rows.toArray().map((row) => {
      const sub = Number(row['sub'])
      // Our own words, which streamCommand has judged.
      const wanted = JSON.parse(String(row['wanted'])) as Wanted
      const owed = this.#owed(connection, sub)
      return { sub, wanted, members: this.#members(connection, sub), owed }
    })
  }

  #write(connection: string, sub: number, members: readonly string[]): void {
    for (let at = 0; at < members.length; at += PART) {
      const part = JSON.stringify(members.slice(at, at + PART))
      this.#sql.exec('insert into members values (?, ?, ?, ?)', connection, sub, at / PART, part)
    }
  }

  #owed(connection: string, sub: number): KeptSub['owed'] {
    const query = 'select trades_us from owed where connection = ? and sub = ?'
    const [row] = this.#sql.exec(query, connection, sub).toArray()
    if (row === undefined) return null
    const { trades_us } = row
    return { tradesFromUs: trades_us === null ? null : Number(trades_us) }
  }

  #members(connection: string, sub: number): ReadonlySet<string> {
    const members = new Set<string>()
    const of = 'where connection = ? and sub = ?'
    for (const row of this.#sql.exec(`select markets from members ${of}`, connection, sub)) {
      for (const market of texts.parse(JSON.parse(String(row['markets'])))) members.add(market)
    }
    for (const row of this.#sql.exec(`select market, joined from moved ${of}`, connection, sub)) {
      if (row['joined'] === 1) members.add(String(row['market']))
      else members.delete(String(row['market']))
    }
    return members
  }
}

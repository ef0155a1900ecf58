import { boundsObjection } from '#core/stream-bounds'
import type { StreamFault } from '#core/stream-hearing'
import type { Moved } from '#core/subscriptions'
import type { WireListing } from '#core/wire/directory'
import type { ImageReason } from '#core/wire/stream'
import type { StreamCommand, SubscribeCommand } from '#core/wire/stream-command'
import type { WireTradeHole } from '#core/wire/trade-hole'
import { DatabaseAwayError } from '../database.ts'
import type { SelectedMarkets } from '../store/selected-markets.ts'
import type { Connection } from './gateway-connection.ts'
import { GATEWAY_BOOKS, type GatewayMarkets } from './gateway-markets.ts'
import type { GatewayMemory, KeptSub } from './gateway-memory.ts'
import { Seat } from './gateway-seat.ts'
import type { Selecting } from './gateway-selecting.ts'
import type { Upstream } from './gateway-upstream.ts'

/** What a market is taken for until the feed says where it stands. */
const STATUS = 'active'
/** Why a connection gets the first image of a book, and the seq that it has, null for none. */
type Begin = { readonly reason: ImageReason; readonly have: number | null }
const INITIAL: Begin = { reason: 'initial', have: null }

/** Does what customers ask for: opens and ends their subscriptions, and moves members in and out. */
export class Desk {
  readonly #selecting: Selecting
  readonly #memory: GatewayMemory
  readonly #markets: GatewayMarkets
  readonly #upstream: Upstream

  constructor(
    selecting: Selecting,
    memory: GatewayMemory,
    markets: GatewayMarkets,
    upstream: Upstream,
  ) {
    this.#selecting = selecting
    this.#memory = memory
    this.#markets = markets
    this.#upstream = upstream
  }

  /** Obeys a command. @returns why not, null when it was obeyed. Throws what is no fault of the customer's. */
  async obey(connection: Connection, command: StreamCommand): Promise<StreamFault | null> {
    if (!connection.isOpen) return null
    switch (command.op) {
      case 'ping':
        connection.say({ type: 'pong' })
        return null
      case 'resync': {
        const seat = connection.seats.get(command.market)
        const message = `the book of ${command.market} is not subscribed to`
        if (!seat?.style) return { code: 'unknown_market', message }
        seat.again()
        seat.owe('resync')
        return null
      }
      case 'unsubscribe':
        return this.#unsubscribe(connection, command.sub)
      case 'subscribe':
        return this.#subscribe(connection, command)
    }
  }

  /** Opens again what a connection had subscribed to before its object was away: images say what came meanwhile. */
  restore(connection: Connection): void {
    const { subscriptions } = connection
    const subs = this.#memory.load(connection.name)
    for (const { sub, wanted, members } of subs) subscriptions.open(sub, wanted, members)
    const markets = [...subscriptions.markets]
    this.#markets.follow(markets, () => STATUS)
    for (const market of markets) {
      this.#refresh(connection, market, { reason: 'resync', have: null })
    }
    if (subscriptions.selects) this.#upstream.listenToAll()
    if (subscriptions.hears('trade')) this.#tellHole(connection, markets)
    for (const kept of subs) this.#goOn(connection, kept)
  }

  /** Takes in what the directory says. */
  listed(connections: Iterable<Connection>, listings: readonly WireListing[]): void {
    for (const connection of connections) {
      for (const listing of listings) {
        for (const moved of connection.subscriptions.hear(listing)) {
          this.#move(connection, moved, () => listing.status)
        }
      }
      this.#tellLeftOut(connection)
    }
  }

  /** Makes every selection of a connection anew, as the directory may have missed something. Throws DatabaseAwayError. */
  async reselect(connection: Connection): Promise<void> {
    const { subscriptions } = connection
    for (const sub of subscriptions.numbers) {
      const wanted = subscriptions.selection(sub)
      if (wanted === null) continue
      const { found, tooMany } = await this.#selecting.select(
        { ...wanted, markets: [] },
        GATEWAY_BOOKS,
      )
      if (tooMany) continue
      const statuses = new Map<string, string>(found.map(({ ticker, status }) => [ticker, status]))
      const members = [...subscriptions.members(sub)]
      const settled = await this.#selecting.settled(members.filter((each) => !statuses.has(each)))
      const moved = subscriptions.reselect(sub, statuses.keys(), (each) => settled.has(each))
      this.#move(connection, moved, (market) => statuses.get(market) ?? STATUS)
      this.#tellLeftOut(connection)
    }
  }

  /** Tells those who follow trades of a shard's markets that some may be missing. */
  hole(connections: Iterable<Connection>, shard: number, hole: WireTradeHole): void {
    this.#markets.loseTrades(shard, hole)
    for (const connection of connections) {
      if (connection.hearsTradesOf(shard)) connection.tellHole(hole)
    }
  }

  /** Of what free accounts may watch together there is no more: these markets are not followed. */
  refused(connections: Iterable<Connection>, markets: readonly string[]): void {
    this.#markets.refused(markets)
    for (const connection of connections) {
      for (const market of markets) {
        const seat = connection.seats.get(market)
        if (seat === undefined) continue
        const message = `${market}: free accounts watch too many markets together, try again later`
        connection.say({ type: 'error', code: 'too_many_markets', message, market })
        seat.excuse()
      }
    }
  }

  /** A connection is gone. */
  leave(connection: Connection): void {
    for (const seat of [...connection.seats.values()]) this.#remove(seat)
    this.#memory.forget(connection.name)
  }

  #unsubscribe(connection: Connection, sub: number): StreamFault | null {
    const markets = connection.subscriptions.end(sub)
    const message = `sub: there is no subscription ${sub}`
    if (markets === null) return { code: 'invalid_param', message }
    this.#memory.end(connection.name, sub)
    connection.say({ type: 'unsubscribed', sub })
    for (const market of markets) this.#refresh(connection, market)
    return null
  }

  async #subscribe(connection: Connection, command: SubscribeCommand): Promise<StreamFault | null> {
    const { subscriptions, tenure } = connection
    const objection =
      subscriptions.objection(command) ??
      (tenure.kept.bounds && boundsObjection(tenure.kept.bounds, command))
    if (objection !== null) return objection
    const most = Math.min(subscriptions.most, GATEWAY_BOOKS)
    let selected: SelectedMarkets
    try {
      selected = await this.#selecting.select(command, most + command.markets.length)
    } catch (error) {
      if (!(error instanceof DatabaseAwayError)) throw error
      return { code: 'upstream_degraded', message: 'markets cannot be looked up now: try again' }
    }
    if (!connection.isOpen) return null
    const statuses = new Map<string, string>()
    for (const { ticker, status } of selected.found) statuses.set(ticker, status)
    const judged = subscriptions.judge(command, statuses.keys(), selected.unknown)
    if (judged.kind === 'fault') return judged.fault
    const { members, rejected } = judged
    const fresh = members.filter((market) => this.#markets.get(market) === null)
    if (selected.tooMany || this.#markets.size + fresh.length > GATEWAY_BOOKS) {
      return { code: 'too_many_markets', message: `at most ${most} markets may be followed` }
    }
    const sub = tenure.nextSub()
    subscriptions.open(sub, command, members)
    this.#memory.open(connection.name, sub, command, members)
    const id = command.id === undefined ? {} : { id: command.id }
    connection.say({ type: 'subscribed', ...id, sub, accepted: members.length, rejected })
    // Of what is to be resumed and is not followed nothing would come: who has it would take it for current.
    const has = new Set([...members, ...rejected.map(({ market }) => market)])
    const gone = Object.keys(command.resume ?? {}).filter((market) => !has.has(market))
    if (gone.length > 0) connection.say({ type: 'left', sub, markets: gone })
    const hearsTrades = command.channels.includes('trade')
    const tradesFromUs = hearsTrades ? (command.resume_trades_us ?? null) : null
    this.#memory.owe(connection.name, sub, tradesFromUs)
    this.#await(connection, sub, members.length, tradesFromUs)
    this.#markets.follow(members, (market) => statuses.get(market) ?? STATUS)
    if (subscriptions.selects) this.#upstream.listenToAll()
    if (hearsTrades) this.#tellHole(connection, members)
    for (const market of members) {
      const have = command.resume?.[market] ?? null
      this.#refresh(connection, market, { reason: 'initial', have }, sub)
    }
    return null
  }

  /** Goes on with what a subscription was not told before its object was away. */
  #goOn(connection: Connection, { sub, members, owed }: KeptSub): void {
    if (owed === null) return
    this.#await(connection, sub, members.size, owed.tradesFromUs)
    for (const market of members) connection.seats.get(market)?.awaitFor(sub)
  }

  /** A subscription is ready when so many seats were told what they are owed; how far it came outlives this object. */
  #await(connection: Connection, sub: number, seats: number, tradesFromUs: number | null): void {
    const done = () => this.#memory.paid(connection.name, sub)
    connection.awaitSeats(sub, seats, { tradesFromUs, done })
  }

  /** Tells one who comes since when trades of some markets do not. */
  #tellHole(connection: Connection, markets: readonly string[]): void {
    const hole = this.#upstream.holeUs(markets)
    if (hole !== null) connection.tellHole({ from_us: hole, to_us: null })
  }

  /** Tells of selections that have outgrown the plan. */
  #tellLeftOut(connection: Connection): void {
    for (const { sub, market } of connection.subscriptions.takeLeftOut()) {
      const message = `subscription ${sub} has no room for ${market}: its plan follows no more`
      connection.say({ type: 'error', code: 'too_many_markets', message, market })
    }
  }

  #move(connection: Connection, moved: Moved, statusOf: (market: string) => string): void {
    const { sub, joined, left } = moved
    if (joined.length + left.length === 0 || !connection.isOpen) return
    this.#memory.move(connection.name, moved)
    if (left.length > 0) connection.say({ type: 'left', sub, markets: [...left] })
    if (joined.length > 0) connection.say({ type: 'joined', sub, markets: [...joined] })
    this.#markets.follow(joined, statusOf)
    for (const market of [...left, ...joined]) this.#refresh(connection, market)
  }

  /**
   * Gives a connection the seat on a market that its subscriptions make, or takes it away.
   * @param awaitedBy a subscription that is not ready before
   */
  #refresh(connection: Connection, ticker: string, begin = INITIAL, awaitedBy?: number): void {
    const cover = connection.subscriptions.cover(ticker)
    const before = connection.seats.get(ticker)
    if (cover === null) {
      if (before !== undefined) this.#remove(before)
      return
    }
    const market = this.#markets.get(ticker)
    if (market === null) return
    if (!connection.isOpen) {
      // Closed while it was told: nobody would take its seats away again.
      this.#markets.left(market)
      return
    }
    const seat = before ?? new Seat(connection, market)
    if (before === undefined) connection.add(seat)
    if (awaitedBy !== undefined) seat.awaitFor(awaitedBy)
    seat.become(cover, begin.reason, begin.have)
  }

  #remove(seat: Seat): void {
    seat.connection.remove(seat)
    this.#markets.left(seat.market)
  }
}

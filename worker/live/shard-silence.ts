import { type Env, settingsOf } from '../env.ts'
import type { BookFeed } from './book-feed.ts'
import type { CollectorLink } from './collector-link.ts'
import type { GatewaysFeed } from './gateways-feed.ts'
import { lookAgain } from './look-again.ts'
import type { ShardLeases } from './shard-leases.ts'
import type { Watchers } from './watchers.ts'

/** What a shard does while its collector is silent, and how it finds that out: by its alarm. */
export class ShardSilence {
  readonly #storage: DurableObjectStorage
  readonly #env: Env
  readonly #collector: CollectorLink
  readonly #gateways: GatewaysFeed
  readonly #books: BookFeed
  readonly #watchers: Watchers
  readonly #leases: ShardLeases

  constructor(
    { storage }: DurableObjectState,
    env: Env,
    collector: CollectorLink,
    feeds: { readonly gateways: GatewaysFeed; readonly books: BookFeed },
    watchers: Watchers,
    leases: ShardLeases,
  ) {
    this.#storage = storage
    this.#env = env
    this.#collector = collector
    this.#gateways = feeds.gateways
    this.#books = feeds.books
    this.#watchers = watchers
    this.#leases = leases
  }

  /** The alarm came: the collector is silent when nothing was heard for FEED_SILENT_MS. */
  async look(): Promise<void> {
    const due = this.#collector.health.heardMs + settingsOf(this.#env).FEED_SILENT_MS
    if (this.#collector.socket !== null && Date.now() < due) return lookAgain(this.#storage, due)
    await this.begin()
  }

  /** Looks later whether the collector fell silent. */
  listen(): Promise<void> {
    return lookAgain(this.#storage, Date.now() + settingsOf(this.#env).FEED_SILENT_MS)
  }

  /** Every watched book and every Gateway is told once that nobody vouches; then subscribers, now and then. */
  async begin(): Promise<void> {
    const news = this.#collector.fallSilent()
    if (news) this.#gateways.beat()
    const { books, listened } = this.#watchers
    // Before the telling: a collector that comes meanwhile sets the alarm to its own ends.
    if (listened.length > 0 || this.#leases.any) await this.#waitOn()
    await this.#books.heartbeat(news ? books : listened)
  }

  /** Somebody waits for word from now on: while no collector beats the alarm does. */
  async waitOn(): Promise<void> {
    if (this.#collector.silent && (await this.#storage.getAlarm()) === null) await this.#waitOn()
  }

  /** The collector is heard again. */
  async end(): Promise<void> {
    await this.listen()
    await this.#books.heartbeat(this.#watchers.listened)
  }

  #waitOn(): Promise<void> {
    const { FEED_HEARTBEAT_MS, STREAM_RENEW_MS } = settingsOf(this.#env)
    return lookAgain(this.#storage, Date.now() + Math.min(FEED_HEARTBEAT_MS, STREAM_RENEW_MS))
  }
}

import { runInDurableObject } from 'cloudflare:test'
import { env } from 'cloudflare:workers'
import { accountStub } from '../../worker/account/account-stub.ts'
import type { Gateway } from '../../worker/live/gateway.ts'
import { gatewayStub } from '../../worker/live/stubs.ts'
import { addAccount, addKey } from './key-accounts.ts'
import { openSocket, type TestSocket } from './socket.ts'
import { asOwner } from './store.ts'
import { upgrade } from './upgrade.ts'

/** So often leases are renewed here, ms. */
const RENEW = { STREAM_RENEW_MS: '100' }

type Terms = { credits?: number; requestsPerS?: number; connections?: number; markets?: number }

/** An account of a test's own, whose streams are renewed all the time. */
export class StreamAccount {
  readonly id: string
  readonly keyId: string
  readonly #key: string
  readonly #opened: TestSocket[] = []

  private constructor(id: string, keyId: string, key: string) {
    this.id = id
    this.keyId = keyId
    this.#key = key
  }

  /** Makes one. @param settings of its Gateway */
  static async make(plan: string, terms: Terms, settings = {}): Promise<StreamAccount> {
    const id = await addAccount(plan)
    const { id: keyId, text } = await addKey(id)
    const account = new StreamAccount(id, keyId, text)
    await account.grant(terms)
    await runInDurableObject(gatewayStub(env, id), (instance: Gateway) => {
      Reflect.set(instance, 'env', { ...env, ...RENEW, ...settings })
    })
    return account
  }

  get stub() {
    return accountStub(env, this.id)
  }

  /** Opens a stream and reads its welcome. @param path of one market; of any without it */
  async open(path = '/v1/stream'): Promise<TestSocket> {
    const stream = await openSocket(path, { 'X-API-Key': this.#key })
    this.#opened.push(stream)
    await stream.nextWith('type', 'welcome')
    return stream
  }

  /** Opens a stream and follows markets' books. */
  async follow(markets: readonly string[], more = {}): Promise<TestSocket> {
    const stream = await this.open()
    stream.send({ op: 'subscribe', markets, channels: ['book'], ...more })
    await stream.nextWith('type', 'ready')
    return stream
  }

  /** Opens a stream of one market and follows its book. */
  async followOne(market: string): Promise<TestSocket> {
    const stream = await this.open(`/v1/markets/${market}/stream`)
    stream.send({ op: 'subscribe', channels: ['book'] })
    await stream.nextWith('type', 'ready')
    return stream
  }

  /** How a stream is refused, or that it is not. */
  async knock(path = '/v1/stream'): Promise<{ status: number; code: unknown }> {
    const { status, code } = await upgrade(path, { 'X-API-Key': this.#key })
    return { status, code }
  }

  /** Gives the account terms of its own, and lets its object know. */
  async grant(terms: Terms): Promise<void> {
    const text = JSON.stringify({ requestsPerS: 1000, ...terms })
    await this.#change(
      (sql) => sql`update kb.accounts set terms = ${text}::text::jsonb where id = ${this.id}`,
    )
  }

  /** Puts the account on a plan from now on. */
  async turn(plan: string): Promise<void> {
    const us = Date.now() * 1000
    await this.#change(
      (sql) => sql`
        insert into kb.plan_changes (account_id, from_us, plan, source, made_us)
        values (${this.id}, ${us}, ${plan}, ${crypto.randomUUID()}, ${us})`,
    )
  }

  /** Revokes its key. */
  async revoke(): Promise<void> {
    await this.#change(
      (sql) => sql`
        update kb.api_keys set revoked_us = ${Date.now() * 1000}, rev = rev + 1 where id = ${this.keyId}`,
    )
  }

  /** Closes its streams. */
  end(): void {
    for (const each of this.#opened) each.close()
  }

  async #change(statement: Parameters<typeof asOwner>[0]): Promise<void> {
    await asOwner(async (sql) => {
      await statement(sql)
      await sql`select kb.account_changed(${this.id}, ${Date.now() * 1000})`
    })
    await this.stub.refresh()
  }
}

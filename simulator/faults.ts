import type { Duplex } from 'node:stream'
import type { Clock } from './clock.ts'
import { ConnectionFaults } from './connection-faults.ts'
import { type Fault, type FaultKind, noteFault } from './fault-log.ts'
import { type Floor, stampAt } from './floor.ts'
import { pricesOf } from './grid.ts'
import type { Refusal } from './handshake.ts'
import { RestFaults } from './rest-faults.ts'
import type { Session } from './session.ts'

/** A size that is added behind everybody's back: hundredths of a contract. */
const LIE = 1300

/** Everything that can be made to go wrong, with every connection, with one, or with the exchange. */
export class Faults extends ConnectionFaults {
  readonly log: Fault[]
  readonly rest = new RestFaults()
  readonly #sessions: ReadonlySet<Session>
  readonly #floor: Floor
  readonly #now: Clock
  readonly #unanswered = new Set<Duplex>()
  #refusals: (Refusal | 'hang')[] = []
  /** When this has run it hears again; undefined while it hears. */
  #hearing: NodeJS.Timeout | undefined

  constructor(sessions: ReadonlySet<Session>, floor: Floor, now: Clock) {
    const log: Fault[] = []
    super(log, () => sessions, now)
    this.log = log
    this.#sessions = sessions
    this.#floor = floor
    this.#now = now
  }

  /** @returns the switches of one connection, by its number in order of coming; of none when it is over */
  only(connection: number): ConnectionFaults {
    const one = () => [...this.#sessions].filter((each) => each.line.connection === connection)
    return new ConnectionFaults(this.log, one, this.#now)
  }

  /**
   * A book changes at once, at a price far from its best that holds no order, and nobody is told:
   * no frame, no seq. Only who asks for the book again can find out. Throws when no such price is left.
   */
  lie(ticker: string): void {
    const market = this.#floor.market(ticker)
    const free = (side: 'yes' | 'no') =>
      pricesOf(market.structure).find(
        (price) => market.book.size(side, price) === 0 && price < market.book.best(side),
      )
    const side = free('yes') === undefined ? 'no' : 'yes'
    const price = free(side)
    if (price === undefined) throw new Error(`${ticker} has no room for a lie`)
    this.#note('lie', ticker)
    const stamp = stampAt(this.#now())
    market.book.apply(side, price, LIE)
    this.#floor.observed({ kind: 'delta', market, side, price, change: LIE, stamp })
  }

  /** The next n handshakes are refused, whatever they bear, or never answered. */
  refuseHandshakes(n: number, how: Refusal | 'hang' = 503): void {
    for (let each = 0; each < n; each += 1) this.#refusals.push(how)
  }

  /** For so long nothing is heard: no command, and no handshake, which hangs and then breaks off. */
  deaf(ms: number): void {
    this.#note('deaf')
    clearTimeout(this.#hearing)
    this.#hearing = setTimeout(() => this.close(), ms)
  }

  /** @returns whether commands are heard now */
  get isDeaf(): boolean {
    return this.#hearing !== undefined
  }

  /** @returns how the next handshake is to be refused, if it is */
  takeRefusal(): Refusal | 'hang' | undefined {
    const refusal = this.#refusals.shift()
    if (refusal !== undefined) this.#note('refuse')
    return refusal
  }

  /** Leaves a handshake unanswered until the exchange hears again, or for good when it does. */
  hang(stream: Duplex): void {
    this.#unanswered.add(stream)
    stream.on('error', () => stream.destroy())
    stream.on('close', () => this.#unanswered.delete(stream))
  }

  /** Hears again, and breaks off the handshakes that hang. */
  close(): void {
    clearTimeout(this.#hearing)
    this.#hearing = undefined
    for (const stream of this.#unanswered) stream.destroy()
  }

  #note(kind: FaultKind, ticker?: string): void {
    const fault = { kind, atUs: this.#now(), ...(ticker === undefined ? {} : { ticker }) }
    noteFault(this.log, fault)
  }
}

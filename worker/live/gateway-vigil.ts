import type { GatewayMemory } from './gateway-memory.ts'
import { lookAgain } from './look-again.ts'

/** How often (ms) it looks for what has hung or expired. */
const TICK_MS = 1000
/** Were its timers lost, it is woken within this (ms), before customers take it for gone. */
const WAKE_MS = 10_000

/** Keeps an object awake while it has customers, and has it woken should it be lost. */
export class Vigil {
  readonly #storage: DurableObjectStorage
  readonly #memory: GatewayMemory
  readonly #later: (work: Promise<unknown>) => void
  #timer: ReturnType<typeof setInterval> | null = null

  /** @param later keeps the setting of an alarm alive */
  constructor(
    storage: DurableObjectStorage,
    memory: GatewayMemory,
    later: (work: Promise<unknown>) => void,
  ) {
    this.#storage = storage
    this.#memory = memory
    this.#later = later
  }

  get isAwake(): boolean {
    return this.#timer !== null
  }

  /** Begins to look, by `tick`. */
  begin(tick: () => void): void {
    if (this.#timer !== null) return
    this.#timer = setInterval(tick, TICK_MS)
    this.#later(this.goOn())
  }

  /** The alarm came: its object is alive, and is to be woken again. */
  goOn(): Promise<void> {
    const nowMs = Date.now()
    this.#memory.noteAlive(nowMs)
    return lookAgain(this.#storage, nowMs + WAKE_MS)
  }

  /** Lets go of the timer. */
  rest(): void {
    clearInterval(this.#timer ?? undefined)
    this.#timer = null
  }

  /** Nothing is left to be awake for. */
  end(): void {
    this.rest()
    this.#later(this.#storage.deleteAlarm())
  }
}

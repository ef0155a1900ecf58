import type { DutyState } from '#core/health'
import { Child } from '../../local/child.ts'
import { until } from '../until.ts'
import type { RunningCollector } from './running-collector.ts'

/** A collector in a process of its own, which can be killed and paused. */
export class CollectorApart implements RunningCollector {
  readonly name: string
  readonly child: Child
  #state: DutyState | 'ended' = 'standby'

  /** @param logFile gets what it says of itself */
  constructor(name: string, env: Readonly<Record<string, string>>, logFile: string) {
    this.name = name
    this.child = new Child({ name, program: 'collector/main.ts', env, logFile })
    this.child.on((message) => {
      const { state } = message as { state?: DutyState }
      this.#state = state ?? this.#state
    })
    void this.child.ended.then(() => {
      this.#state = 'ended'
    })
  }

  get state(): DutyState | 'ended' {
    return this.#state
  }

  async checksums(): Promise<Record<string, number | null>> {
    if (this.#state !== 'recording') throw new Error(`${this.name} records nothing now`)
    const { checksums } = await this.child.ask('checksums')
    return checksums as Record<string, number | null>
  }

  /** Waits until it says that it does this. */
  async is(state: DutyState, patienceMs = 30_000): Promise<void> {
    await until(`${this.name} is ${state}`, () => this.#state === state, patienceMs)
  }

  /** Ends it at once. */
  async kill(): Promise<void> {
    this.child.kill('SIGKILL')
    await this.child.ended
  }

  async stop(): Promise<void> {
    this.child.kill('SIGCONT')
    await this.child.stop()
  }
}

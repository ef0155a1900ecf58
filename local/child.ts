import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { closeSync, openSync } from 'node:fs'
import { fileURLToPath } from 'node:url'

/** What a child is told to be, and where its words go. */
export type ChildPlan = {
  readonly name: string
  /** The program, relative to the project's root. */
  readonly program: string
  readonly args?: readonly string[]
  readonly env?: Readonly<Record<string, string>>
  /** Gets both of its outputs. */
  readonly logFile: string
}

const END_WITH_STARTER = new URL('./end-with-starter.ts', import.meta.url).href

/** A process of ours that says `ready` over IPC, and stops when it is told to or when we are gone. */
export class Child {
  readonly name: string
  /** Its exit code, or null when a signal ended it. */
  readonly ended: Promise<number | null>
  readonly #process: ChildProcess
  readonly #logFile: string

  constructor(plan: ChildPlan) {
    this.name = plan.name
    this.#logFile = plan.logFile
    const program = fileURLToPath(new URL(`../${plan.program}`, import.meta.url))
    const log = openSync(plan.logFile, 'a', 0o600)
    this.#process = fork(program, [...(plan.args ?? [])], {
      // A process group of its own: the terminal's Ctrl-C is ours to pass on, in order.
      detached: true,
      stdio: ['ignore', log, log, 'ipc'],
      execArgv: ['--disable-warning=ExperimentalWarning', `--import=${END_WITH_STARTER}`],
      env: { ...process.env, ...plan.env },
    })
    closeSync(log)
    this.ended = once(this.#process, 'exit').then(([code]) => code as number | null)
  }

  get pid(): number | undefined {
    return this.#process.pid
  }

  /** Hears everything it says. */
  on(listener: (message: unknown) => void): void {
    this.#process.on('message', listener)
  }

  /** Asks it something, with what belongs to it, and waits for the message of the same type. */
  ask(type: string, rest: object = {}): Promise<Record<string, unknown>> {
    return new Promise((resolve, reject) => {
      void this.ended.then(() => reject(new Error(`${this.name} ended before it answered`)))
      const hear = (message: unknown) => {
        const word = message as Record<string, unknown>
        if (word['type'] !== type) return
        this.#process.off('message', hear)
        resolve(word)
      }
      this.#process.on('message', hear)
      this.#process.send({ type, ...rest })
    })
  }

  /** Tells it something; one that has ended does not hear it. */
  tell(type: string, rest: object = {}): void {
    if (this.#process.connected) this.#process.send({ type, ...rest })
  }

  /** Waits for `{type:'ready', …}`. Throws when it fails or ends before. */
  async ready(): Promise<Record<string, unknown>> {
    return new Promise((resolve, reject) => {
      this.#process.once('error', reject)
      this.on((message) => {
        const word = message as Record<string, unknown>
        if (word['type'] === 'ready') resolve(word)
        if (word['type'] === 'failed') {
          reject(new Error(`${this.name} cannot start: ${String(word['message'])}`))
        }
      })
      void this.ended.then((code) =>
        reject(new Error(`${this.name} ended with ${code} before it was ready: ${this.#logFile}`)),
      )
    })
  }

  /** Asks it to stop, and kills it after `patienceMs`. */
  async stop(patienceMs = 10_000): Promise<void> {
    // Every child ends when its starter is gone; this is the same, on purpose.
    if (this.#process.connected) this.#process.disconnect()
    const kill = setTimeout(() => this.kill('SIGKILL'), patienceMs)
    await this.ended
    clearTimeout(kill)
  }

  kill(signal: NodeJS.Signals): void {
    if (this.#process.exitCode === null) this.#process.kill(signal)
  }
}

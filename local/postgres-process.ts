import { fork } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import type { PostgresOptions, RunningPostgres } from './postgres.ts'

/** What `postgres-main.ts` says to the process that started it. */
export type PostgresWord =
  | { readonly type: 'ready'; readonly url: string }
  | { readonly type: 'failed'; readonly message: string }

const MAIN = fileURLToPath(new URL('./postgres-main.ts', import.meta.url))
const END_WITH_STARTER = new URL('./end-with-starter.ts', import.meta.url).href

/**
 * Starts Postgres under a process of its own, which stops it when asked and also when this process is gone, however it
 * went. Throws when Postgres does not start.
 */
export async function spawnPostgres(options: PostgresOptions): Promise<RunningPostgres> {
  const child = fork(MAIN, [JSON.stringify(options)], {
    detached: true,
    stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
    execArgv: [`--import=${END_WITH_STARTER}`],
  })
  const ended = new Promise<void>((done) => child.once('exit', () => done()))
  const url = await new Promise<string>((done, failed) => {
    child.once('error', failed)
    child.once('exit', (code) => failed(new Error(`the process of Postgres ended with ${code}`)))
    child.on('message', (word: PostgresWord) => {
      if (word.type === 'ready') done(word.url)
      else failed(new Error(word.message))
    })
  })
  const stop = async () => {
    if (child.connected) child.send({ type: 'stop' })
    await ended
  }
  return { url, ended, stop }
}

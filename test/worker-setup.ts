import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import type { TestProject } from 'vitest/node'
import { bundleScript } from '../worker/site/bundle-script.mjs'
import type { TestKeys } from './worker/test-keys.ts'

/** What the worker's tests are given: addresses of a real Postgres, and keys that are stored in it. */
export type WorkerSetup = {
  readonly ownerUrl: string
  readonly readerUrl: string
  /** Of a role that may read nothing but what may be cached. */
  readonly metadataUrl: string
  readonly accountUrl: string
  readonly pepper: string
  readonly keys: TestKeys
}

declare module 'vitest' {
  interface ProvidedContext {
    worker: WorkerSetup
  }
}

const HYPERDRIVE = 'CLOUDFLARE_HYPERDRIVE_LOCAL_CONNECTION_STRING_'

let program: ChildProcess | undefined

/** Starts Postgres before the Worker's runtime; in a process of its own, as modules here are resolved for workerd. */
export async function setup(project: TestProject): Promise<void> {
  await bundleScript()
  program = fork(fileURLToPath(new URL('./worker-database.ts', import.meta.url)), {
    execArgv: ['--disable-warning=ExperimentalWarning'],
  })
  const failed = once(program, 'exit').then(() => {
    throw new Error('the database of the worker’s tests did not start')
  })
  const [told] = (await Promise.race([once(program, 'message'), failed])) as [WorkerSetup]
  failed.catch(() => {})
  process.env['WRANGLER_LOG'] = 'error'
  // wrangler will not read its configuration without them.
  process.env[`${HYPERDRIVE}HYPERDRIVE_READER`] = told.readerUrl
  process.env[`${HYPERDRIVE}HYPERDRIVE_METADATA`] = told.metadataUrl
  process.env[`${HYPERDRIVE}HYPERDRIVE_ACCOUNT`] = told.accountUrl
  project.provide('worker', told)
}

export async function teardown(): Promise<void> {
  if (program === undefined) return
  const ended = once(program, 'exit')
  program.disconnect()
  await ended
}

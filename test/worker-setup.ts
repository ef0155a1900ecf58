import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import type { TestProject } from 'vitest/node'
import { buildSite } from '../worker/site/build/build-site.mjs'
import type { TestKeys } from './worker/test-keys.ts'

/** What each file of the worker's tests is given for itself: addresses of a real Postgres, and keys that are stored in it. */
export type WorkerSetup = {
  readonly ownerUrl: string
  readonly readerUrl: string
  /** Of a role that may read nothing but what may be cached. */
  readonly metadataUrl: string
  readonly accountUrl: string
  readonly pepper: string
  readonly keys: TestKeys
  /** A stand-in of Supabase Auth. */
  readonly supabaseUrl: string
  readonly supabasePublishableKey: string
  readonly supabaseSecretKey: string
  /** A stand-in of Stripe. */
  readonly stripeUrl: string
  readonly stripeSecretKey: string
  readonly stripeWebhookSecret: string
  readonly stripeMeterWebhookSecret: string
}

declare module 'vitest' {
  interface ProvidedContext {
    /** Where each file of tests asks for what it is given. */
    worlds: string
  }
}

/** What the program says once it can make such. */
export type WorldsReady = { readonly worlds: string; readonly readerUrl: string }

const HYPERDRIVE = 'CLOUDFLARE_HYPERDRIVE_LOCAL_CONNECTION_STRING_'

let program: ChildProcess | undefined

/** Starts Postgres before the Worker's runtime; in a process of its own, as modules here are resolved for workerd. */
export async function setup(project: TestProject): Promise<void> {
  await buildSite()
  program = fork(fileURLToPath(new URL('./worker-database.ts', import.meta.url)), {
    execArgv: ['--disable-warning=ExperimentalWarning'],
  })
  const failed = once(program, 'exit').then(() => {
    throw new Error('the database of the worker’s tests did not start')
  })
  const [told] = (await Promise.race([once(program, 'message'), failed])) as [WorldsReady]
  failed.catch(() => {})
  process.env['WRANGLER_LOG'] = 'error'
  // wrangler will not read its configuration without them; each file has others.
  for (const name of ['READER', 'METADATA', 'ACCOUNT']) {
    process.env[`${HYPERDRIVE}HYPERDRIVE_${name}`] = told.readerUrl
  }
  project.provide('worlds', told.worlds)
}

export async function teardown(): Promise<void> {
  if (program === undefined) return
  const ended = once(program, 'exit')
  program.disconnect()
  await ended
}

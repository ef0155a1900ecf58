import { chmod, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { freePort } from '../local/free-port.ts'
import { spawnPostgres } from '../local/postgres-process.ts'
import { type RoleUrls, setRolePasswords } from '../local/roles.ts'
import { migrate } from '../migrations/migrate.ts'

/** A real Postgres of our own, migrated. It syncs to the disk as in production. */
export type BenchDatabase = RoleUrls & {
  readonly ownerUrl: string
  /** A folder that goes when it does. */
  readonly dir: string
  /** Stops the server and keeps what it holds. */
  pause(): Promise<void>
  /** Starts it again at the same address. */
  resume(): Promise<void>
  stop(): Promise<void>
}

/**
 * Starts Postgres in a temporary folder with the product's own settings: fsync and synchronous_commit on.
 * Throws when it does not start.
 */
export async function benchDatabase(): Promise<BenchDatabase> {
  const dir = await mkdtemp(join(tmpdir(), 'kalshibook-bench-'))
  await chmod(dir, 0o755)
  const options = { dataDir: join(dir, 'postgres'), port: await freePort(), persistent: true }
  let postgres = await spawnPostgres(options)
  const stop = async () => {
    await postgres.stop()
    await rm(dir, { recursive: true, force: true })
  }
  try {
    await migrate(postgres.url)
    const roles = await setRolePasswords(postgres.url, dir)
    return {
      ...roles,
      ownerUrl: postgres.url,
      dir,
      pause: () => postgres.stop(),
      resume: async () => {
        postgres = await spawnPostgres(options)
      },
      stop,
    }
  } catch (error) {
    await stop()
    throw error
  }
}

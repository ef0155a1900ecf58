import { chmod, mkdtemp } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { spawnPostgres } from '../local/postgres-process.ts'
import { type RoleUrls, setRolePasswords } from '../local/roles.ts'
import { migrate } from '../migrations/migrate.ts'

export type FreshDatabase = RoleUrls & {
  readonly ownerUrl: string
  /** Stops Postgres and removes its folder. */
  stop(): Promise<void>
}

/** Starts a real Postgres in a temporary folder, with no schema. It ends with this process at the latest. */
export async function emptyDatabase(): Promise<{
  ownerUrl: string
  dir: string
  stop(): Promise<void>
}> {
  const dir = await mkdtemp(join(tmpdir(), 'kalshibook-postgres-'))
  await chmod(dir, 0o755)
  const postgres = await spawnPostgres({ dataDir: dir, persistent: false, fsync: false })
  return { ownerUrl: postgres.url, dir, stop: postgres.stop }
}

/** Starts a real Postgres in a temporary folder, migrated, with the three roles able to log in. */
export async function freshDatabase(): Promise<FreshDatabase> {
  const { ownerUrl, dir, stop } = await emptyDatabase()
  try {
    await migrate(ownerUrl)
    return { ownerUrl, ...(await setRolePasswords(ownerUrl, dir)), stop }
  } catch (error) {
    await stop()
    throw error
  }
}

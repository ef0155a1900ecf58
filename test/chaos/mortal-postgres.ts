import { execFile } from 'node:child_process'
import { chmod, mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { freePort } from '../../local/free-port.ts'
import type { RunningPostgres } from '../../local/postgres.ts'
import { spawnPostgres } from '../../local/postgres-process.ts'
import { type RoleUrls, setRolePasswords } from '../../local/roles.ts'
import { migrate } from '../../migrations/migrate.ts'
import { until } from '../until.ts'

const run = promisify(execFile)

/** A real Postgres, migrated, that can be killed, copied and put back, always at the same address. */
export class MortalPostgres {
  readonly ownerUrl: string
  readonly roles: RoleUrls
  /** A folder that goes when it does. */
  readonly dir: string
  readonly #port: number
  #running: RunningPostgres | null

  private constructor(dir: string, port: number, running: RunningPostgres, roles: RoleUrls) {
    this.dir = dir
    this.#port = port
    this.#running = running
    this.roles = roles
    this.ownerUrl = running.url
  }

  /** Starts it in a temporary folder. Throws when it does not start. */
  static async open(): Promise<MortalPostgres> {
    const dir = await mkdtemp(join(tmpdir(), 'kalshibook-mortal-'))
    await chmod(dir, 0o755)
    const port = await freePort()
    const running = await spawnPostgres(planOf(dir, port))
    try {
      await migrate(running.url)
      return new MortalPostgres(dir, port, running, await setRolePasswords(running.url, dir))
    } catch (error) {
      await running.stop()
      throw error
    }
  }

  /** Ends its first process as `kill -9` does; the others end when they see it. */
  async kill(): Promise<void> {
    const file = join(this.dir, 'postgres', 'cluster', 'postmaster.pid')
    const pid = Number((await readFile(file, 'utf8')).split('\n')[0])
    if (!Number.isInteger(pid) || pid < 2) throw new Error('no process of Postgres')
    process.kill(pid, 'SIGKILL')
    await this.#running?.ended
    this.#running = null
  }

  /** Stops it as on any good day. */
  async stop(): Promise<void> {
    await this.#running?.stop()
    this.#running = null
  }

  /** Starts it again with what its folder holds. Throws when it does not start within 20 s. */
  async start(): Promise<void> {
    await until('Postgres starts', async () => {
      // Processes that a kill left behind may still hold its memory for a moment.
      this.#running = await spawnPostgres(planOf(this.dir, this.#port)).catch(() => null)
      return this.#running !== null
    })
  }

  /** While it is stopped: lays a copy of all that it holds aside. */
  async copy(): Promise<void> {
    await rm(this.#copy, { recursive: true, force: true })
    await run('cp', ['-a', this.#data, this.#copy])
  }

  /** While it is stopped: puts the copy in the place of all that it holds. */
  async restore(): Promise<void> {
    await rm(this.#data, { recursive: true, force: true })
    await run('cp', ['-a', this.#copy, this.#data])
  }

  /** Stops it and removes everything. */
  async close(): Promise<void> {
    await this.stop()
    await rm(this.dir, { recursive: true, force: true })
  }

  get #data(): string {
    return join(this.dir, 'postgres', 'cluster')
  }

  get #copy(): string {
    return join(this.dir, 'postgres', 'copy')
  }
}

function planOf(dir: string, port: number) {
  return { dataDir: join(dir, 'postgres'), port, persistent: true, fsync: false }
}

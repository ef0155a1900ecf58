import { chmod, mkdir, rm } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { lockFolder } from './folder-lock.ts'
import { clearOrphan } from './postgres-orphan.ts'

/** What an installation keeps, and nothing else: `--fresh` removes these alone. */
const KEPT = [
  'postgres',
  'worker',
  'outside',
  'spool',
  'log',
  'secrets.json',
  'role-passwords.json',
] as const

export type DataFolder = {
  readonly root: string
  readonly postgres: string
  readonly worker: string
  /** Of what stands in for others. */
  readonly outside: string
  readonly spool: string
  readonly log: string
  /** Lets others start on it. */
  release(): Promise<void>
}

/**
 * Makes the folder in which an installation is kept, takes it for us alone, and forgets the one before when asked to.
 * @param path relative to where the program was started
 * Throws when it is in use, before anything of it is touched, and as the file system does.
 */
export async function dataFolder(path: string, fresh: boolean): Promise<DataFolder> {
  const root = resolve(path)
  await mkdir(root, { recursive: true, mode: 0o755 })
  const release = await lockFolder(root)
  const folder = {
    root,
    postgres: join(root, 'postgres'),
    worker: join(root, 'worker'),
    outside: join(root, 'outside'),
    spool: join(root, 'spool'),
    log: join(root, 'log'),
    release,
  }
  try {
    if (fresh) await forget(folder)
    for (const path of [folder.worker, folder.outside, folder.log])
      await mkdir(path, { recursive: true, mode: 0o700 })
    await mkdir(folder.postgres, { recursive: true, mode: 0o755 })
    // Whatever the umask: Postgres runs as another account when we are root.
    await chmod(folder.postgres, 0o755)
    return folder
  } catch (error) {
    await release()
    throw error
  }
}

async function forget({ root, postgres }: DataFolder): Promise<void> {
  await clearOrphan(join(postgres, 'cluster'))
  for (const name of KEPT) await rm(join(root, name), { recursive: true, force: true })
}

import { chown, mkdir, rename, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { Identity } from './postgres-identity.ts'
import { collectWords, launch } from './postgres-launch.ts'

type ClusterPlan = {
  readonly initdb: string
  readonly identity: Identity
  readonly dataDir: string
  readonly password: string
  readonly sync: boolean
}

/**
 * Makes an empty cluster in `dataDir/cluster`: beside its place and then moved there, so that a start that was cut off
 * leaves no half of one. Throws when initdb fails, with its last words.
 */
export async function makeCluster(plan: ClusterPlan): Promise<void> {
  const { initdb, identity, dataDir, password, sync } = plan
  const half = join(dataDir, 'cluster.new')
  const passwordFile = join(dataDir, 'password.new')
  await rm(half, { recursive: true, force: true })
  await mkdir(half, { mode: 0o700 })
  await writeFile(passwordFile, password, { mode: 0o600 })
  const { account } = identity
  if (account !== null) {
    await chown(half, account.uid, account.gid)
    await chown(passwordFile, account.uid, account.gid)
  }
  try {
    const child = launch(identity, initdb, [
      `--pgdata=${half}`,
      '--username=postgres',
      `--pwfile=${passwordFile}`,
      '--auth=scram-sha-256',
      '--encoding=UTF8',
      '--locale=C',
      '--locale-provider=builtin',
      '--builtin-locale=C.UTF-8',
      ...(sync ? [] : ['--no-sync']),
    ])
    const words = collectWords(child)
    const code = await new Promise<number | null>((done, failed) => {
      child.once('error', failed)
      child.once('close', done)
    })
    if (code !== 0) throw new Error(`initdb ended with ${code}: ${words()}`)
  } finally {
    await rm(passwordFile, { force: true })
  }
  await rename(half, join(dataDir, 'cluster'))
}

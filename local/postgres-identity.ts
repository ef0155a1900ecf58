import { execFile } from 'node:child_process'
import { access, constants } from 'node:fs/promises'
import { promisify } from 'node:util'
import { closedFolder } from './closed-folder.ts'

const run = promisify(execFile)

export type Account = { readonly uid: number; readonly gid: number }

/** How to start a program of Postgres's: as whom (null is as ourselves), and what goes before it on the command line. */
export type Identity = { readonly account: Account | null; readonly prefix: readonly string[] }

/**
 * Says as whom Postgres runs: as ourselves, or, since it refuses root, as the system account `postgres`, which is made when
 * absent. When a folder on the way to its cluster is closed to that account, `setpriv` starts it with leave to pass.
 * Throws when the account cannot be made, or such a folder is closed and there is no `setpriv`.
 */
export async function postgresIdentity(cluster: string): Promise<Identity> {
  if (process.getuid?.() !== 0) return { account: null, prefix: [] }
  const account = await postgresAccount()
  const closed = await closedFolder(cluster)
  if (closed === null) return { account, prefix: [] }
  const setpriv = await findSetpriv()
  if (setpriv === null) {
    throw new Error(`the account postgres cannot enter ${closed}: open it with chmod o+x`)
  }
  const who = [`--reuid=${account.uid}`, `--regid=${account.gid}`, '--clear-groups']
  const leave = ['--inh-caps=-all,+dac_override', '--ambient-caps=+dac_override']
  return { account, prefix: [setpriv, ...who, ...leave, '--'] }
}

async function postgresAccount(): Promise<Account> {
  const found = await lookUp()
  if (found !== null) return found
  // Two programs may do this at once: whoever is late finds the account made.
  await run('groupadd', ['--system', 'postgres']).catch(() => undefined)
  const made = await run('useradd', [
    '--system',
    '--no-create-home',
    '--gid=postgres',
    'postgres',
  ]).catch((error: unknown) => error)
  const account = await lookUp()
  if (account === null) {
    throw new Error('Postgres does not run as root, and no account could be made', { cause: made })
  }
  return account
}

async function lookUp(): Promise<Account | null> {
  try {
    const [uid, gid] = await Promise.all([
      run('id', ['-u', 'postgres']),
      run('id', ['-g', 'postgres']),
    ])
    return { uid: Number(uid.stdout), gid: Number(gid.stdout) }
  } catch {
    return null
  }
}

async function findSetpriv(): Promise<string | null> {
  for (const path of ['/usr/bin/setpriv', '/bin/setpriv']) {
    const there = await access(path, constants.X_OK).then(
      () => true,
      () => false,
    )
    if (there) return path
  }
  return null
}

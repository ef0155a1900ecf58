import { createHash, createHmac, pbkdf2Sync, randomBytes } from 'node:crypto'
import { mkdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import postgres from 'postgres'

export type RoleUrls = {
  readonly collectorUrl: string
  readonly readerUrl: string
  readonly accountUrl: string
}

const ROLES = ['kb_collector', 'kb_reader', 'kb_account'] as const
type Role = (typeof ROLES)[number]

/**
 * Gives the three roles random passwords and answers the addresses that they connect with. The passwords are kept in
 * `dir/role-passwords.json` (0600), so that the same ones are set again at the next start. Throws as Postgres or the file system does.
 */
export async function setRolePasswords(ownerUrl: string, dir: string): Promise<RoleUrls> {
  const passwords = await keptPasswords(dir)
  const sql = postgres(ownerUrl, { max: 1, onnotice: () => {} })
  try {
    for (const role of ROLES) {
      // A server may log the statement: it gets the verifier that it would have made, never the password.
      await sql.unsafe(`alter role ${role} password '${scramVerifier(passwords[role])}'`)
    }
  } finally {
    await sql.end({ timeout: 5 })
  }
  const url = (role: Role) => roleUrl(ownerUrl, role, passwords[role])
  return {
    collectorUrl: url('kb_collector'),
    readerUrl: url('kb_reader'),
    accountUrl: url('kb_account'),
  }
}

async function keptPasswords(dir: string): Promise<Record<Role, string>> {
  await mkdir(dir, { recursive: true, mode: 0o755 })
  const file = join(dir, 'role-passwords.json')
  const text = await readFile(file, 'utf8').catch((error: { code?: unknown }) => {
    if (error.code === 'ENOENT') return '{}'
    throw error
  })
  const kept = JSON.parse(text) as Partial<Record<Role, string>>
  const word = (role: Role) => kept[role] ?? randomBytes(24).toString('base64url')
  const passwords = {
    kb_collector: word('kb_collector'),
    kb_reader: word('kb_reader'),
    kb_account: word('kb_account'),
  }
  await writeFile(file, JSON.stringify(passwords), { mode: 0o600 })
  return passwords
}

/** A pooler such as Supabase's tells databases apart by what follows a dot in the name: it stays. */
function roleUrl(ownerUrl: string, role: Role, password: string): string {
  const url = new URL(ownerUrl)
  const dot = url.username.indexOf('.')
  url.username = dot < 0 ? role : `${role}${url.username.slice(dot)}`
  url.password = password
  return url.href
}

/** What Postgres stores of a password: RFC 5803, https://www.rfc-editor.org/rfc/rfc5803 */
function scramVerifier(password: string): string {
  const iterations = 4096
  const salt = randomBytes(16)
  const salted = pbkdf2Sync(password, salt, iterations, 32, 'sha256')
  const hmac = (text: string) => createHmac('sha256', salted).update(text).digest()
  const storedKey = createHash('sha256').update(hmac('Client Key')).digest('base64')
  const serverKey = hmac('Server Key').toString('base64')
  return `SCRAM-SHA-256$${iterations}:${salt.toString('base64')}$${storedKey}:${serverKey}`
}

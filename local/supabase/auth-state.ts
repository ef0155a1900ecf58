import { readFileSync, renameSync, writeFileSync } from 'node:fs'
import { z } from 'zod'

const time = z.number().nullable()

const person = z.object({
  id: z.uuid(),
  email: z.string(),
  /** Salt and hash in hex; null when there is no password yet. */
  password: z.string().nullable(),
  createdMs: z.number(),
  updatedMs: z.number(),
  confirmedMs: time,
  confirmationSentMs: time,
  recoverySentMs: time,
  lastSignInMs: time,
  /** Hashes of the links that were mailed last; null when used. */
  confirmation: z.string().nullable(),
  recovery: z.string().nullable(),
})

const session = z.object({
  id: z.uuid(),
  personId: z.uuid(),
  createdMs: z.number(),
  method: z.string(),
})

const refreshToken = z.object({
  token: z.string(),
  sessionId: z.uuid(),
  parent: z.string().nullable(),
  revoked: z.boolean(),
  updatedMs: z.number(),
})

const mail = z.object({
  id: z.number(),
  to: z.string(),
  subject: z.string(),
  link: z.string(),
  token_hash: z.string(),
  otp: z.string(),
  sent_at: z.string(),
})

const state = z.object({
  people: z.array(person),
  sessions: z.array(session),
  refreshTokens: z.array(refreshToken),
  mails: z.array(mail),
  /** The private key as JWK. */
  key: z.record(z.string(), z.unknown()).nullable(),
  kid: z.string(),
})

export type Person = z.infer<typeof person>
export type AuthSession = z.infer<typeof session>
export type RefreshToken = z.infer<typeof refreshToken>
export type Mail = z.infer<typeof mail>

/** All that Supabase Auth keeps. */
export type AuthState = z.infer<typeof state>

/** Mails that are kept: of more the oldest are dropped. */
export const MOST_MAILS = 1000

/** Reads what a file holds; a fresh state without a file. Throws when the file is there and cannot be read. */
export function readState(file: string | null): AuthState {
  const fresh = { people: [], sessions: [], refreshTokens: [], mails: [], key: null, kid: '' }
  if (file === null) return fresh
  try {
    return state.parse(JSON.parse(readFileSync(file, 'utf8')))
  } catch (error) {
    if ((error as { code?: unknown }).code === 'ENOENT') return fresh
    throw error
  }
}

/** Writes it aside and renames, for its owner's eyes alone. Throws as the disk does. */
export function writeState(file: string | null, state: AuthState): void {
  if (file === null) return
  writeFileSync(`${file}.new`, JSON.stringify(state), { mode: 0o600 })
  renameSync(`${file}.new`, file)
}

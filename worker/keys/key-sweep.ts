import { z } from 'zod'
import type { Micros } from '#core/instant'
import { keyRecord, keyRecordName } from '#core/key-record'
import { sweepStep } from '#core/key-sweep'
import { withAccounts } from '../account/account-database.ts'
import type { Env } from '../env.ts'
import { areWritten } from './key-projection.ts'
import { type NamedRecord, readKeysAfter } from './projected-keys.ts'

/** Where a night's sweep has come to; a reading that is a minute old has some keys looked at twice. */
const CURSOR = 'sweep:keys'
const cursor = z.object({ day: z.int(), after: z.string().nullable(), done: z.boolean() })

/** So many keys a run: each is one reading of KV. */
const MOST = 200

/**
 * Goes on with the night's sweep over all keys: what the edge holds of them is made what Postgres says, should it ever differ.
 * Throws DatabaseAwayError.
 */
export async function sweepKeys(env: Env, nowUs: Micros): Promise<void> {
  const step = sweepStep(await readCursor(env), nowUs)
  if (step === null) return
  const named = await withAccounts(env, (sql) => readKeysAfter(sql, step.after, MOST, nowUs))
  const different = await filterDifferent(env, named)
  if (!(await areWritten(env.KEYS, different))) return
  if (different.length > 0) {
    console.warn(JSON.stringify({ event: 'key_records_differed', count: different.length }))
  }
  const done = named.length < MOST
  const after = named.at(-1)?.record.key ?? step.after
  await env.KEYS.put(CURSOR, JSON.stringify({ day: step.day, after, done }))
}

async function readCursor(env: Env) {
  const text = await env.KEYS.get(CURSOR)
  const read = cursor.safeParse(text === null ? null : JSON.parse(text))
  return read.success ? read.data : null
}

async function filterDifferent(
  env: Env,
  named: readonly NamedRecord[],
): Promise<readonly NamedRecord[]> {
  const held = await Promise.all(named.map(({ hash }) => env.KEYS.get(keyRecordName(hash))))
  return named.filter(({ record }, i) => held[i] !== JSON.stringify(keyRecord.parse(record)))
}

import type { Sql } from 'postgres'
import { z } from 'zod'
import type { Micros } from '#core/instant'

/** Somebody who tries something, as a keyed hash of 64 hex digits, in a span of time. */
export type Try = { readonly hash: string; readonly fromUs: Micros; readonly untilUs: Micros }

const rows = z.array(z.object({ hash: z.string(), tries: z.coerce.number() }))

/** Counts tries; answers how many each has in its span now. Throws as Postgres does. */
export async function countTries(
  sql: Sql,
  tries: readonly Try[],
): Promise<ReadonlyMap<string, number>> {
  const given = JSON.stringify(tries.map((one) => [one.hash, one.fromUs, one.untilUs]))
  // In one order, so that two of them never wait for each other.
  const counted = await sql`
    insert into kb.people_tries as t (who, from_us, until_us, tries)
    select decode(g ->> 0, 'hex'), (g ->> 1)::bigint, (g ->> 2)::bigint, 1
      from jsonb_array_elements(${given}::text::jsonb) g order by 1
    on conflict (who, from_us) do update set tries = t.tries + 1
    returning encode(who, 'hex') as hash, tries`
  return new Map(rows.parse([...counted]).map(({ hash, tries }) => [hash, tries]))
}

/** Forgets tries, new accounts and claims that no limit looks at any more. Throws as Postgres does. */
export async function forgetOldPeople(sql: Sql, nowUs: Micros): Promise<void> {
  await sql`delete from kb.people_tries where until_us <= ${nowUs}`
  await sql`delete from kb.new_accounts where made_us <= ${nowUs - 2 * DAY_US}`
  await sql`delete from kb.free_claims where released_us <= ${nowUs - CLAIM_US}`
}

const DAY_US = 86_400_000_000
/** 13 months and a little. */
const CLAIM_US = 397 * DAY_US

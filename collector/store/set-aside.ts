import type { TransactionSql } from 'postgres'
import type { SetAside } from '#core/entry'
import { integerArray, textArray } from './array-literal.ts'

/** Stores what could not be used, with its reason; a repeat is stored once, and the oldest make room. */
export async function insertSetAside(
  tx: TransactionSql,
  asides: readonly SetAside[],
): Promise<void> {
  if (asides.length === 0) return
  const texts = (pick: (aside: SetAside) => string | null) => textArray(asides.map(pick))
  await tx`
    with given as (
      select u.*, sha256(convert_to(
        concat_ws(chr(31), coalesce(market, ''), recv_us, kind, reason, text), 'UTF8')) as digest
      from unnest(
        ${texts(({ market }) => market)}::text[],
        ${integerArray(asides.map(({ recv }) => recv))}::int8[],
        ${texts(({ kind }) => kind)}::text[],
        ${texts(({ reason }) => storable(reason))}::text[],
        ${texts(({ text }) => storable(text))}::text[]) u (market, recv_us, kind, reason, text))
    insert into kb.set_aside (market, recv_us, kind, reason, text, digest)
    select distinct on (digest) * from given g
    where not exists (select from kb.set_aside s where s.digest = g.digest)
    on conflict (slot) do update set market = excluded.market, recv_us = excluded.recv_us,
      kind = excluded.kind, reason = excluded.reason, text = excluded.text, digest = excluded.digest`
}

/** Postgres's text holds neither U+0000 nor half a surrogate pair. */
function storable(text: string): string {
  return text.replaceAll('\u0000', '\uFFFD').toWellFormed()
}

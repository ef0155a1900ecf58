import type { TransactionSql } from 'postgres'
import type { SetAside } from '#core/entry'
import { integerArray, textArray } from './array-literal.ts'

/** So many are kept, the newest. */
const KEPT = 100_000

/** Stores what could not be used, with its reason; a repeat is stored once, and the oldest go beyond a bound. */
export async function insertSetAside(
  tx: TransactionSql,
  asides: readonly SetAside[],
): Promise<void> {
  if (asides.length === 0) return
  const texts = (pick: (aside: SetAside) => string | null) => textArray(asides.map(pick))
  await tx`
    insert into kb.set_aside (market, recv_us, kind, reason, text, digest)
    select u.*, sha256(convert_to(concat_ws(chr(31), coalesce(market, ''), recv_us, kind, reason, text), 'UTF8'))
    from unnest(
      ${texts(({ market }) => market)}::text[],
      ${integerArray(asides.map(({ recv }) => recv))}::int8[],
      ${texts(({ kind }) => kind)}::text[],
      ${texts(({ reason }) => storable(reason))}::text[],
      ${texts(({ text }) => storable(text))}::text[]) u (market, recv_us, kind, reason, text)
    on conflict do nothing`
  await tx`
    delete from kb.set_aside where id <= (select max(id) from kb.set_aside) - ${KEPT}`
}

/** Postgres's text holds neither U+0000 nor half a surrogate pair. */
function storable(text: string): string {
  return text.replaceAll('\u0000', '\uFFFD').toWellFormed()
}

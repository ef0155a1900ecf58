import { isFresh } from '#core/feed-health'
import type { Micros } from '#core/instant'
import type { LiveKnowledge } from '#core/live-answer'
import { LiveBook } from '#core/live-book'
import type { FeedItem } from '#core/wire/feed'
import { readItem } from '#core/wire/feed-item'

/**
 * What a live book lets a reader know.
 * @param vouchedMs up to when it is vouched for, null for not at all
 */
export function knowledgeOf(
  live: LiveBook,
  vouchedMs: number | null,
  nowMs: number,
): LiveKnowledge {
  const { state, stamp, proof } = live
  if (state.kind === 'empty') return { kind: 'nothing' }
  if (live.gap !== null) {
    const { seq, cause, from, recv, prevSeq } = live.gap
    const gap = { seq, cause, from, to: null, noticed: recv, prevSeq }
    return { kind: 'unknown', seq: state.seq, gap }
  }
  if (state.kind === 'unknown' || state.book === null || stamp === null) return { kind: 'nothing' }
  return {
    kind: 'book',
    book: state.book.ladders(),
    seq: state.seq,
    closed: state.kind === 'closed',
    changed: stamp.recv,
    event: stamp.event,
    proof,
    live: isFresh(vouchedMs, nowMs),
    confirmed: vouchedMs === null ? null : (Math.round(vouchedMs * 1000) as Micros),
  }
}

/** As `knowledgeOf`, of an image that answers a peek. */
export function peekedKnowledge(
  item: FeedItem,
  vouchedMs: number | null,
  nowMs: number,
): LiveKnowledge {
  const entries = readItem(item)
  const live = new LiveBook(item.m, '')
  if (entries === null || live.take(entries, item.sum ?? null, nowMs * 1000).need) {
    return { kind: 'nothing' }
  }
  return knowledgeOf(live, vouchedMs, nowMs)
}

import type { BookRecord, Image } from '../log.ts'
import type { FeedItem } from './feed.ts'
import { readImage, readRecord } from './record.ts'

/**
 * The entries of an item in the order in which they are to be read: an image stands where its seq belongs, after the
 * records that it holds and before those that go on from it. Null when a number in one of them cannot be one.
 */
export function readItem(item: FeedItem): (BookRecord | Image)[] | null {
  const entries: (BookRecord | Image)[] = []
  for (const wire of item.records ?? []) {
    const record = readRecord(wire)
    if (record === null) return null
    entries.push(record)
  }
  if (item.image === undefined) return entries
  const image = readImage(item.image)
  if (image === null) return null
  const after = entries.findIndex(({ seq }) => seq > image.seq)
  entries.splice(after < 0 ? entries.length : after, 0, image)
  return entries
}

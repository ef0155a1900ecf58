import { z } from 'zod'
import { PLAN_NAMES } from '#core/plan'
import { type StreamBounds, streamBounds } from '#core/stream-bounds'
import { STREAM_HEADERS } from './stream-headers.ts'

/** A stream that its account let open, as its holder must know it. */
const streamLease = z.object({
  lease: z.string(),
  account: z.string(),
  keyId: z.string(),
  rev: z.int(),
  plan: z.enum(PLAN_NAMES),
  streams: z.object({ connections: z.int(), markets: z.int() }),
})
export type StreamLease = z.infer<typeof streamLease>

/** Prints what an object is told of a lease as a header can carry it. */
export function printLease(lease: StreamLease): Record<string, string> {
  return { [STREAM_HEADERS.lease]: print(lease) }
}

/** Reads `printLease` of a request. Throws for what it did not print: nobody else makes such a request. */
export function readLease({ headers }: Request): StreamLease {
  return streamLease.parse(read(headers.get(STREAM_HEADERS.lease)))
}

/** Prints what bounds a connection to a Gateway; no headers when nothing does. */
export function printBounds(bounds: StreamBounds | null): Record<string, string> {
  return bounds === null ? {} : { [STREAM_HEADERS.bounds]: print(bounds) }
}

/** Reads `printBounds` of a request; null for no bounds. Throws for what it did not print. */
export function readBounds({ headers }: Request): StreamBounds | null {
  const header = headers.get(STREAM_HEADERS.bounds)
  return header === null ? null : streamBounds.parse(read(header))
}

function print(value: unknown): string {
  return encodeURIComponent(JSON.stringify(value))
}

function read(header: string | null): unknown {
  return JSON.parse(decodeURIComponent(header ?? ''))
}

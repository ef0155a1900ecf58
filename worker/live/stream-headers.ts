/** Headers of an upgrade that the Worker makes anew, with what it knows of the caller; no header of the caller goes with it. */
export const STREAM_HEADERS = {
  plan: 'x-kb-plan',
  standing: 'x-kb-standing',
  lease: 'x-kb-lease',
  bounds: 'x-kb-bounds',
} as const

/** The header by which a Gateway, and nobody else, names itself to a FeedShard. */
export const GATEWAY_HEADER = 'x-kb-gateway'

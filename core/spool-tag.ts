/** What an entry's first byte says in its low four bits. The order is that of stored bytes: only ever add. */
export const DELTA = 0
export const SNAPSHOT = 1
export const GAP = 2
export const END = 3
export const TRADE = 4
export const TRADE_HOLE = 5
export const QUOTE = 6
export const CHANGE = 7
export const ASIDE = 8
export const MARK = 9

export const KIND_BITS = 15

/** In the high four bits: the market is that of the entry before it in the block. */
export const SAME_MARKET = 16
/** Of a record: so is the epoch. */
export const SAME_EPOCH = 32
/** Of a record: the exchange gave no time. */
export const NO_EVENT = 64
/** Of a delta or a trade: the side is no. */
export const SIDE_NO = 128
/** Of a trade. */
export const BLOCK_TRADE = 32
/** Of a trade. */
export const REFILLED = 64

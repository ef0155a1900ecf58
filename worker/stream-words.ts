import type { STREAM_CLOSE, StreamError, StreamMessageName } from '#core/wire/stream'
import {
  CLIENT_ERRORS_IN_A_ROW,
  CLIENT_MESSAGE_BYTES,
  CLIENT_MESSAGES_PER_SECOND,
  SUBSCRIBE_BYTES,
} from '#core/wire/stream-command'

/** What each message says. */
export const MESSAGE_WORDS: Readonly<Record<StreamMessageName, string>> = {
  welcome: 'The first message of a connection: what its plan allows',
  subscribed:
    'A subscription is made. Markets that are `rejected` are not followed; codes are those of refusals and errors',
  image:
    'The book after record `seq`: where a reader begins, or begins anew. It is no record and takes no number',
  snapshot: 'A snapshot record: the exchange sent the whole book',
  ready: 'Every initial book of a subscription has been sent, and every trade that it resumed',
  deltas:
    'Delta records in order: row i has seq `from + i`, and its level has the size it names afterwards. It never spans a snapshot, a gap or an end',
  levels:
    'With `depth` or `conflate_ms`: one row per level that changed among those shown, with its size at `to`. A level that leaves the best n comes with size 0.00, one that enters with its size: a reader never truncates. `checksum` is of the ten best levels of the whole book',
  trade:
    'A trade. A refill was missed and came later; trades are told apart by market and trade_id',
  tradeGap:
    'Trades may be missing from `from_us` to `to_us`: of this market, or without `market` of all that are followed. `to_us` is null while they still are',
  bbo: 'The best bid or ask changed; in yes prices',
  gap: 'A gap record: from here on no book is known, until a snapshot or an image',
  end: 'An end record: the log closes, the book stays as it was',
  heartbeat:
    'Every 5 s on /v1/stream, every 30 s on a single market. `books` names at most 200 markets, those changed since they were last named first',
  joined: 'Markets that an event, a series or all of a subscription has come to hold',
  left: 'Markets that are settled and followed no more; or that were to be resumed, and this subscription does not have',
  warning: 'This connection reads too slowly: its backlog is about to be replaced by images',
  status: 'What the exchange says of a market changed',
  unsubscribed: 'A subscription has ended',
  pong: 'Answers a ping',
  error: 'A message could not be obeyed',
}

/** What each error of a stream means. */
export const ERROR_WORDS: Readonly<Record<StreamError, string>> = {
  bad_json: 'the message is no JSON object',
  too_large: `a message other than subscribe has more than ${CLIENT_MESSAGE_BYTES} bytes`,
  binary: 'the message is not text',
  unknown_op: 'there is no such op',
  unknown_market: 'the market is not one of this stream or subscription',
  too_many_markets:
    'the plan follows fewer markets; or free accounts follow too many together: try again later',
  resume_ahead:
    'the seq to resume `market` from has not been reached: an image follows, forget your book',
  invalid_param: 'a field is not what it may be; the message names it',
  rate_limited: `more than ${CLIENT_MESSAGES_PER_SECOND} messages came in a second, or too many wait for an answer`,
  upstream_degraded: 'the markets cannot be looked up now: subscribe again',
}

/** What each close code means. */
export const CLOSE_WORDS: Readonly<Record<keyof typeof STREAM_CLOSE, string>> = {
  planForbids: 'the plan does not allow it, or does no longer',
  keyRevoked: 'the key was revoked or has expired',
  tooManyConnections: 'the plan allows fewer connections now: the newest were closed',
  slowConsumer: 'the connection was read too slowly',
  tooManyMessages: 'too many messages came',
  outOfCredits: 'the credits of this month are spent',
  tooLarge: `a message had more than ${SUBSCRIBE_BYTES} bytes`,
}

/** What whoever builds a client must know beside the messages. */
export const RULES = `**Opening.** A key in a header (\`Authorization: Bearer kb_live_…\` or \`X-API-Key\`) of scope \`live\`; a page, which cannot set headers, takes a ticket by \`POST /v1/stream/tickets\` and offers it as a subprotocol: \`Sec-WebSocket-Protocol: kb.v1, kbt_…\`. A ticket opens one socket, within 60 s, for its market and its Origin alone. A refusal is 401, 402, 403, 404, 422, 429 or 503 on the upgrade, with the envelope of \`/openapi.json\`.

**The reader’s rule.** For each market a reader keeps a book and the seq of the last record in it. A snapshot, an image too, with seq ≥ mine replaces the book; anything else with seq ≤ mine is ignored; a gap with a greater seq, contiguous or not, makes the book unknown and sets the seq; deltas are applied only to a known book and only when \`from\` is mine + 1 (with \`depth\` or \`conflate_ms\` the seq is then \`to\`); an end at mine + 1 closes the log and keeps the book; all else is a reason to send \`resync\`. Nobody is sent a seq that goes back, or a hole without a gap or an image whose seq covers it.

**Checksums.** CRC-32 (zlib’s, unsigned) of ASCII text: the yes ladder, \`|\`, the no ladder; each ladder its ten best levels, best first, joined by \`,\`; a level is \`P:S\`, P in millionths of a dollar and S in hundredths of a contract. \`full_checksum\` is of all levels. At a depth below 10 a reader has too few levels to check.

**Resuming.** \`resume\` names for each market the seq that a reader has: records after it are sent exactly, or an image with reason \`resume_miss\`. After \`resume_ahead\` forget the book of the market that it names.

**Silence.** Nothing for 15 s (45 s on a single market) means stale: reconnect, after a random while. A deploy drops sockets without a close frame.

**Limits.** ${CLIENT_MESSAGES_PER_SECOND} messages a second, ${CLIENT_MESSAGE_BYTES} bytes each, a subscribe ${SUBSCRIBE_BYTES}; ${CLIENT_ERRORS_IN_A_ROW} bad messages in a row close.

**Charges.** A credit pays for 100 market-minutes or part: a minute of UTC counts for each market of which a connection was sent a record in it (rows of deltas, a snapshot that is no image, a trade, a best bid or ask); images, gaps, ends, states and heartbeats are free, but an image that is asked for again on a connection, by \`resync\` or by another subscription, counts as a record does. Connections of both kinds count together. Every 30 s an open connection is charged and its plan looked at: a larger one allows more at once, and a revoked key, a smaller plan or spent credits close it. Do not come again after 4003, 4004 or 4009.

**Numbers.** Prices and sizes are decimal strings of the leg that \`side\` names; only \`bbo\` and trades speak in yes prices. A \`*_us\` is an integer of microseconds since 1970. Fields are added, never changed: ignore those you do not know.`

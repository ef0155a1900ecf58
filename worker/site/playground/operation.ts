/** What a field of an endpoint's form takes. */
export type FieldKind =
  | 'choice'
  | 'several'
  | 'number'
  | 'market'
  | 'markets'
  | 'event'
  | 'series'
  | 'instant'
  | 'text'

/** One parameter of an endpoint, as its form asks for it. */
export type OperationField = {
  readonly name: string
  /** Where its value goes; `subscribe` is the first message of a stream. */
  readonly where: 'path' | 'query' | 'body' | 'subscribe'
  readonly kind: FieldKind
  readonly required: boolean
  readonly about: string
  /** Of a choice, and of several. */
  readonly choices?: readonly string[]
  /** Of a number. */
  readonly least?: number
  readonly most?: number
  /** What counts when nothing is given. */
  readonly fallback?: string
  readonly example?: string
}

/** One endpoint, as the OpenAPI document describes it. */
export type Operation = {
  readonly id: string
  readonly tag: string
  readonly method: 'GET' | 'POST'
  /** With its parameters in braces: `/v1/markets/{ticker}`. */
  readonly path: string
  readonly summary: string
  readonly about: string
  readonly fields: readonly OperationField[]
  /** Media types of its answer; the first is what comes when none is asked for; [] of a stream. */
  readonly formats: readonly string[]
  /** Whether it costs credits, so that a dry run says how many. */
  readonly priced: boolean
  /** A websocket. */
  readonly stream: boolean
  /** No key is needed. */
  readonly open: boolean
  /** Whether a visitor key may call it, within its bounds. */
  readonly visitors: boolean
}

export const JSON_FORMAT = 'application/json'
export const NDJSON_FORMAT = 'application/x-ndjson'
export const CSV_FORMAT = 'text/csv'

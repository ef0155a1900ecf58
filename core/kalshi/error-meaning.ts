/** What an error of the exchange means for us. */
export type ErrorMeaning =
  /** The subscription is over; its books are stale from its last frame on, for this cause. */
  | { readonly kind: 'ended'; readonly cause: 'cut' | 'overflow' }
  /** The exchange knows no such subscription (any more). */
  | { readonly kind: 'unknown_sid' }
  /** The subscription holds as many markets as it may. */
  | { readonly kind: 'full' }
  /** Commands come too fast: the same again, more slowly. */
  | { readonly kind: 'slower' }
  /** The exchange did not get to it: the same again. */
  | { readonly kind: 'again' }
  /** The session is not believed. */
  | { readonly kind: 'unauthorized' }
  /** The command is wrong; it would be wrong again. */
  | { readonly kind: 'refused' }

/** Reads an error's code: https://docs.kalshi.com/asyncapi.yaml, 1 to 28 of which 6, 16 and 17 are retired. */
export function errorMeaning(code: number): ErrorMeaning {
  switch (code) {
    case 7:
      return { kind: 'unknown_sid' }
    case 9:
      return { kind: 'unauthorized' }
    case 10:
      return { kind: 'ended', cause: 'cut' }
    case 18:
      return { kind: 'again' }
    case 25:
      return { kind: 'ended', cause: 'overflow' }
    case 26:
      return { kind: 'full' }
    case 27:
      return { kind: 'slower' }
    default:
      return { kind: 'refused' }
  }
}

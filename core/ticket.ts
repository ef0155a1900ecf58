/** How long a ticket opens a stream (ms), and how many an account may hold at once. */
export const TICKET_LIFE_MS = 60_000
export const OPEN_TICKETS = 100
/** The market of a ticket that opens the streams of all. */
export const ANY_MARKET = '*'

/** A ticket's text: where it is kept, 256 random bits, and a seal by which we know our own; bits and seal in base64url. */
export type TicketText = {
  /** One of sixteen places; all tickets of an account are kept in the same one. */
  readonly place: string
  /** What the seal is of. */
  readonly sealed: string
  readonly seal: string
}

const SHAPE = /^(kbt_([0-9a-f])[\w-]{43})([\w-]{43})$/

/** Where the tickets of an account are kept. @param accountId a UUID; those of visitors, who have none, are kept in one place */
export function ticketPlace(accountId: string): string {
  return /^[0-9a-f]/i.exec(accountId)?.[0].toLowerCase() ?? '0'
}

/** What of a new ticket is to be sealed. @param secret 256 random bits in base64url */
export function unsealedTicket(place: string, secret: string): string {
  return `kbt_${place}${secret}`
}

/** Takes a ticket's text apart; null when it has not the form of one. */
export function readTicket(text: string): TicketText | null {
  const [, sealed, place, seal] = SHAPE.exec(text) ?? []
  if (sealed === undefined || place === undefined || seal === undefined) return null
  return { place, sealed, seal }
}

import type { Micros } from './instant.ts'

/** What people do before they are signed in: try a password, have us send a mail, follow its link. */
export type Attempt = 'sign_in' | 'mail' | 'confirm'

/** How often in a span of time (µs): for one address of mail, and from one network. */
type Limit = { readonly spanUs: number; readonly ofMail: number; readonly ofNetwork: number }

const QUARTER_US = 900_000_000
const HOUR_US = 3_600_000_000

/** A network is an office now and then: it may do what several people do. */
export const ATTEMPT_LIMITS: Readonly<Record<Attempt, Limit>> = {
  sign_in: { spanUs: QUARTER_US, ofMail: 10, ofNetwork: 60 },
  mail: { spanUs: HOUR_US, ofMail: 5, ofNetwork: 30 },
  confirm: { spanUs: QUARTER_US, ofMail: 30, ofNetwork: 60 },
}

/** Of an attempt: who is counted, in which span, and how often they may. */
export type Counted = {
  readonly who: string
  readonly fromUs: Micros
  readonly untilUs: Micros
  readonly most: number
}

/** Who attempts something. */
export type Attempting = {
  /** The address that is named, in normal form; null where none is. */
  readonly mail: string | null
  /** The browser, when that address signed in with it before. */
  readonly browser: string | null
  /** Null for this machine's own. */
  readonly network: string | null
}

/**
 * Whom an attempt is counted for: the address of mail it names, and the network that it comes from. Known and unknown
 * addresses are counted alike. A browser with which the address signed in before is counted by itself, so that nobody can
 * lock another out.
 */
export function countedAttempt(
  attempt: Attempt,
  { mail, browser, network }: Attempting,
  nowUs: Micros,
): readonly Counted[] {
  const { spanUs, ofMail, ofNetwork } = ATTEMPT_LIMITS[attempt]
  const fromUs = (nowUs - (nowUs % spanUs)) as Micros
  const span = { fromUs, untilUs: (fromUs + spanUs) as Micros }
  const whose = browser === null ? `mail ${mail}` : `browser ${browser}`
  return [
    ...(mail === null ? [] : [{ who: `${attempt} ${whose}`, ...span, most: ofMail }]),
    ...(network === null
      ? []
      : [{ who: `${attempt} network ${network}`, ...span, most: ofNetwork }]),
  ]
}

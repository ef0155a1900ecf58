import { z } from 'zod'
import type { Desk } from './desk.ts'

/** What tests do to the stand-in. */
export type Control = {
  /** So far is its clock ahead, ms. */
  aheadMs: number
  /** How it fails: with a status, by cutting connections, by saying nothing; null when it does not. */
  away: number | 'cut' | 'silent' | null
}

const order = z.object({
  aheadMs: z.number().optional(),
  away: z
    .union([z.number(), z.enum(['cut', 'silent'])])
    .nullable()
    .optional(),
  accessTokenS: z.number().optional(),
  mailsFail: z.boolean().optional(),
  claims: z.record(z.string(), z.unknown()).optional(),
})

/** Obeys an order, `{aheadMs, away, accessTokenS, claims, mailsFail}`, of whoever bears the secret key; false when it is refused. */
export function controlled(desk: Desk, control: Control, allowed: boolean, text: string): boolean {
  if (!allowed) return false
  const given = order.parse(JSON.parse(text))
  control.aheadMs = given.aheadMs ?? control.aheadMs
  if (given.away !== undefined) control.away = given.away
  desk.accessTokenS = given.accessTokenS ?? desk.accessTokenS
  desk.claims = given.claims ?? desk.claims
  desk.mailsFail = given.mailsFail ?? desk.mailsFail
  return true
}

import { PLAN_NAMES } from './plan.ts'

/** Pages of ours to which a sign-in, a link in a mail, or somebody else's page, may lead on. */
const RETURN_PATHS = [
  '/',
  '/account',
  '/account/password',
  '/dashboard',
  '/dashboard/keys',
  '/dashboard/keys?first=1',
  '/dashboard/requests',
  '/dashboard/billing',
  ...PLAN_NAMES.map((name) => `/dashboard/billing/change?plan=${name}`),
  '/dashboard/settings',
  '/playground',
  '/pricing',
  '/markets',
  '/docs',
]

/**
 * Where to go on after a sign-in: a path from the list; `otherwise` for all else, other hosts above all.
 * @param wanted as it came with the address
 */
export function returnPath(wanted: string | undefined, otherwise: string): string {
  return wanted !== undefined && RETURN_PATHS.includes(wanted) ? wanted : otherwise
}

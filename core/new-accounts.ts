/** So many new accounts may come from one network in 24 hours; a person needs one. */
export const NEW_ACCOUNTS_OF_A_NETWORK = 3

/** This machine itself, for which no bound is needed. */
const OWN = ['127.0.0.0/24', '0:0:0:0::/64']

/** The network that a new account is counted with; null for none. @param prefix of core/address-prefix */
export function countedNetwork(prefix: string | null): string | null {
  return prefix === null || OWN.includes(prefix) ? null : prefix
}

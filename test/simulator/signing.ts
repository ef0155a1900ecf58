import { constants, sign } from 'node:crypto'
import type { Exchange } from '../../simulator/exchange.ts'

/** What can be wrong with a signature. */
export type Signing = { path?: string; ageMs?: number; saltLength?: number; keyId?: string }

/** The three headers of a signed GET, the websocket's handshake unless told otherwise. */
export function signedHeaders(
  { keyId, privateKeyPem }: Pick<Exchange, 'keyId' | 'privateKeyPem'>,
  { path = '/trade-api/ws/v2', ageMs = 0, saltLength = 32, ...wrong }: Signing = {},
): Record<string, string> {
  const timestamp = String(Date.now() - ageMs)
  const signature = sign('sha256', Buffer.from(`${timestamp}GET${path}`), {
    key: privateKeyPem,
    padding: constants.RSA_PKCS1_PSS_PADDING,
    saltLength,
  })
  return {
    'KALSHI-ACCESS-KEY': wrong.keyId ?? keyId,
    'KALSHI-ACCESS-TIMESTAMP': timestamp,
    'KALSHI-ACCESS-SIGNATURE': signature.toString('base64'),
  }
}

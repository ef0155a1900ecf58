import { constants, createSign } from 'node:crypto'
import { signedText } from '#core/kalshi/signing'

/** Who we are to the exchange. */
export type Credentials = { readonly keyId: string; readonly privateKey: string }

/**
 * The headers that sign one request: RSA-PSS, SHA-256, salt as long as the digest
 * (https://docs.kalshi.com/getting_started/api_keys).
 * @param nowMs wall time; the exchange refuses a signature that is old
 * Throws when the private key is none.
 */
export function signatureHeaders(
  { keyId, privateKey }: Credentials,
  method: string,
  url: URL,
  nowMs: number,
): Record<string, string> {
  const sign = createSign('RSA-SHA256').update(signedText(nowMs, method, url.pathname))
  const signature = sign.sign({
    key: privateKey,
    padding: constants.RSA_PKCS1_PSS_PADDING,
    saltLength: constants.RSA_PSS_SALTLEN_DIGEST,
  })
  return {
    'KALSHI-ACCESS-KEY': keyId,
    'KALSHI-ACCESS-TIMESTAMP': String(nowMs),
    'KALSHI-ACCESS-SIGNATURE': signature.toString('base64'),
  }
}

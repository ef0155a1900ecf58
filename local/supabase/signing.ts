import { randomUUID } from 'node:crypto'
import {
  type CryptoKey,
  exportJWK,
  generateKeyPair,
  importJWK,
  type JWK,
  jwtVerify,
  SignJWT,
} from 'jose'
import type { AuthState } from './auth-state.ts'

/** The key that access tokens are signed with. */
export type Signing = {
  readonly kid: string
  readonly jwks: { readonly keys: readonly JWK[] }
  /** Signs claims. */
  sign(claims: Record<string, unknown>): Promise<string>
  /** The claims of a token of ours; an error's words when it is not good at that time (ms). */
  verify(
    token: string,
    nowMs: number,
  ): Promise<{ ok: true; claims: Record<string, unknown> } | { ok: false; why: string }>
}

/** The key of a state, made and put into it when there is none. */
export async function openSigning(state: AuthState): Promise<Signing> {
  if (state.key === null) {
    const { privateKey } = await generateKeyPair('ES256', { extractable: true })
    state.key = { ...(await exportJWK(privateKey)) }
    state.kid = randomUUID()
  }
  const { kid } = state
  const { d: _secret, ...open } = state.key as JWK
  const privateKey = (await importJWK(state.key as JWK, 'ES256')) as CryptoKey
  const publicKey = (await importJWK(open, 'ES256')) as CryptoKey
  return {
    kid,
    jwks: { keys: [{ ...open, kid, alg: 'ES256', use: 'sig', key_ops: ['verify'] }] },
    sign: (claims) =>
      new SignJWT(claims).setProtectedHeader({ alg: 'ES256', kid, typ: 'JWT' }).sign(privateKey),
    async verify(token, nowMs) {
      try {
        const options = { algorithms: ['ES256'], currentDate: new Date(nowMs) }
        const { payload } = await jwtVerify(token, publicKey, options)
        return { ok: true, claims: payload }
      } catch (error) {
        return { ok: false, why: (error as Error).message }
      }
    },
  }
}

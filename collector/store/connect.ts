import postgres, { type Sql } from 'postgres'
import { StoreSocket, type StoreTarget } from './store-socket.ts'

export type StoreTimeouts = {
  /** How long a connection may take to stand, ms. */
  readonly connectMs?: number
  /** A statement that gets no answer for so long, ms, ends its connection; longer than the role's statement timeout. */
  readonly silenceMs?: number
}

/**
 * Opens a pool on the store, for good, of at most `max` connections: they are made when first needed, and when one of them dies the whole pool is
 * left and the next statement starts another. A statement on a dead connection fails with code `CONNECTION_CLOSED` (or
 * `CONNECTION_DESTROYED`, `CONNECT_TIMEOUT`): whether it was done is then unknown. Nothing here needs a session, so a session
 * pooler between us and Postgres does no harm.
 */
export function connectStore(url: string, max = 3, timeouts: StoreTimeouts = {}): Sql {
  const { connectMs = 5000, silenceMs = 40_000 } = timeouts
  const { address, tls } = splitTls(url)
  let pool = open()

  function open(): Sql {
    const sockets = new Set<StoreSocket>()
    const target = (host: string, port: number): StoreTarget => ({ host, port, tls, silenceMs })
    const socket = ({ host, port }: { host: string[]; port: number[] }) => {
      const given = new StoreSocket(target(host[0] ?? '127.0.0.1', port[0] ?? 5432), () => {
        if (made === pool) pool = open()
        void made.end({ timeout: 0 }).then(() => {
          for (const each of sockets) each.release()
        })
      })
      sockets.add(given)
      given.once('close', () => sockets.delete(given))
      return given
    }
    const made: Sql = postgres(address, {
      max,
      ssl: false, // StoreSocket's business
      connect_timeout: connectMs / 1000,
      idle_timeout: 0,
      max_lifetime: null,
      fetch_types: false,
      onnotice: () => {},
      connection: { application_name: 'kalshibook-collector' },
      ...{ socket },
    })
    return made
  }

  // Whoever holds the answer always speaks to the pool of the moment.
  return new Proxy((() => {}) as unknown as Sql, {
    apply: (_, __, given) => Reflect.apply(pool as never, undefined, given),
    get: (_, name) => Reflect.get(pool, name),
  })
}

/** sslmode in the address, as in libpq; absent or `disable` is off, and what cannot be told apart is `require`. */
function splitTls(url: string): { address: string; tls: StoreTarget['tls'] } {
  const address = new URL(url)
  const mode = address.searchParams.get('sslmode') ?? address.searchParams.get('ssl') ?? 'disable'
  address.searchParams.delete('sslmode')
  address.searchParams.delete('ssl')
  const off = mode === 'disable' || mode === 'false'
  const verified = mode === 'verify-full' || mode === 'verify-ca'
  return { address: address.href, tls: off ? 'off' : verified ? 'verify-full' : 'require' }
}

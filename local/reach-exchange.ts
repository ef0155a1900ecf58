import { connect } from 'node:net'

const PATIENCE_MS = 10_000
const PORT: Readonly<Record<string, number>> = {
  'ws:': 80,
  'http:': 80,
  'wss:': 443,
  'https:': 443,
}

/**
 * Makes sure that something listens at every address of a given exchange.
 * @param env its variables; what is no address is passed over
 * Throws within 10 s, naming the variable and the host, when nothing does.
 */
export async function reachExchange(env: Readonly<Record<string, string>>): Promise<void> {
  const names = ['KALSHI_REST_URL', 'KALSHI_WS_URL']
  const problems = await Promise.all(
    names.map(async (name) => {
      const address = URL.parse(env[name] ?? '')
      const problem = address && (await connectProblem(address))
      return problem && `${name}: the exchange cannot be reached at ${address.host} (${problem})`
    }),
  )
  const found = problems.filter((problem) => problem !== null)
  if (found.length > 0) throw new Error(found.join('\n  '))
}

function connectProblem(address: URL): Promise<string | null> {
  const port = address.port === '' ? (PORT[address.protocol] ?? 443) : Number(address.port)
  const { promise, resolve } = Promise.withResolvers<string | null>()
  const host = address.hostname.replace(/^\[|\]$/g, '')
  const socket = connect({ host, port, autoSelectFamily: true })
  const late = setTimeout(() => resolve(`no answer in ${PATIENCE_MS / 1000} s`), PATIENCE_MS)
  socket.once('connect', () => resolve(null))
  socket.once('error', (error: { code?: unknown; message: string }) =>
    resolve(typeof error.code === 'string' ? error.code : error.message),
  )
  return promise.finally(() => {
    clearTimeout(late)
    socket.destroy()
  })
}

import { rateInTurns, sampleInTurns, shareOf } from './alternating.ts'
import { type Figure, figure } from './figure.ts'
import { openGateRig } from './gate-rig.ts'
import { type ApiAnswer, KeptConnection } from './kept-connection.ts'

const ACCOUNTS = 100
const CALLS = 2000
const TURN = 50
const CLIENTS = 16
const ROUNDS = 3
const SECONDS = 4

/**
 * What authentication and spending add to the read of a book: single calls, in turns with the same route of the same Worker
 * without them; and calls a second of 16 clients, of one account and of 100, beside as many calls without the gate.
 */
export async function* benchGate(): AsyncGenerator<Figure> {
  const rig = await openGateRig(ACCOUNTS)
  const idle = new Map<string, KeptConnection[]>()
  /** One answer over a connection that is kept, as each call at once has one. */
  const call = async (name: string, headers: Record<string, string>): Promise<ApiAnswer> => {
    const kept = idle.get(name) ?? []
    idle.set(name, kept)
    const connection = kept.pop() ?? new KeptConnection(new URL(rig.url), headers)
    const answer = await connection.get(rig.path)
    kept.push(connection)
    if (answer.status !== 200) throw new Error(`${answer.status} ${answer.body}`)
    return answer
  }
  const ungated = () => call('ungated', { 'Bench-Ungated': '1' })
  let turn = 0
  const gatedBy = (accounts: number) => () => {
    turn = (turn + 1) % accounts
    const key = rig.keys[turn] ?? ''
    return call(key, { Authorization: `Bearer ${key}` })
  }
  try {
    const took = await sampleInTurns(CALLS, TURN, gatedBy(1), ungated)
    for (const [name, share] of [
      ['p50', 0.5],
      ['p99', 0.99],
    ] as const) {
      const [gated, bare] = shareOf(took, share)
      const { ratio } = figure(name, 'ms', gated, bare)
      yield { ...figure(`gate_added_${name}_ms`, 'ms', gated - bare, bare), ratio }
    }
    const one = await rateInTurns(CLIENTS, ROUNDS, SECONDS, gatedBy(1), ungated)
    yield figure('gate_req_per_s_1', 'requests/s', ...one)
    const many = await rateInTurns(CLIENTS, ROUNDS, SECONDS, gatedBy(ACCOUNTS), ungated)
    yield figure('gate_req_per_s_100', 'requests/s', ...many)
  } finally {
    for (const kept of idle.values()) for (const connection of kept) connection.close()
    await rig.stop()
  }
}

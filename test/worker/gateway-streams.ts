import { env } from 'cloudflare:workers'
import { expect } from 'vitest'
import { expectDescribed } from '../described-stream.ts'
import { openSocket, TestSocket } from './socket.ts'

/** A stream of any markets, with the seqs that its subscriber came with. */
type Opened = { readonly stream: TestSocket; readonly have: Readonly<Record<string, number>> }

/** The streams that a test opens; when it has ended each is judged and closed. */
export class GatewayStreams {
  #opened: Opened[] = []

  /** Opens a stream and reads its welcome. */
  async open(key = env.TEST_KEYS.good, have: Opened['have'] = {}): Promise<TestSocket> {
    const stream = await openSocket('/v1/stream', { 'X-API-Key': key })
    this.#opened.push({ stream, have })
    expect(await stream.next()).toMatchObject({ type: 'welcome' })
    return stream
  }

  /** Begins to read a stream that was opened otherwise. */
  take(socket: WebSocket, have: Opened['have'] = {}): TestSocket {
    const stream = new TestSocket(socket)
    this.#opened.push({ stream, have })
    return stream
  }

  /** Opens a stream, subscribes, and waits until it is ready. */
  async follow(command: object, have: Opened['have'] = {}): Promise<TestSocket> {
    const stream = await this.open(env.TEST_KEYS.good, have)
    stream.send({ op: 'subscribe', ...command, ...(Object.keys(have).length && { resume: have }) })
    await stream.nextWith('type', 'ready')
    return stream
  }

  /** Judges every message that came, and closes the streams. */
  end(): void {
    for (const { stream, have } of this.#opened) {
      for (const message of stream.messages) {
        expectDescribed(message)
      }
      keepsTheReadersRule(stream, have)
      stream.close()
    }
    this.#opened = []
  }
}

/** No subscriber sees a seq of a market go back, or a hole that neither a gap nor an image covers. */
function keepsTheReadersRule({ messages }: TestSocket, have: Opened['have']): void {
  const last = new Map(Object.entries(have))
  for (const { type, market, channel, seq, code, message } of messages) {
    if (code === 'resume_ahead') {
      for (const each of last.keys()) if (String(message).includes(each)) last.delete(each)
    }
    if (channel === 'trade' || typeof market !== 'string') continue
    const told = last.get(market)
    if (type === 'deltas') {
      const [from, to] = seq as [number, number]
      expect(from, market).toBe((told ?? Number.NaN) + 1)
      expect(to).toBeGreaterThanOrEqual(from)
      last.set(market, to)
    } else if (type === 'end') {
      expect(seq).toBe((told ?? Number.NaN) + 1)
      last.set(market, seq as number)
    } else if (type === 'snapshot' || type === 'gap') {
      expect(seq).toBeGreaterThanOrEqual(told ?? 0)
      last.set(market, seq as number)
    }
  }
}

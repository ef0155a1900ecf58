import { connect } from 'cloudflare:sockets'

type Listener = (value?: unknown) => void

/** What of Node's net.Socket postgres.js uses of a socket that it is given connected. */
export type DatabaseSocket = ReturnType<typeof wrap>

/**
 * Opens a TCP connection for postgres.js. Its own wrapper for Workers leaves a rejection unhandled,
 * and a goodbye that never settles, each time a connection is closed.
 * Throws when the host cannot be reached.
 */
export async function openDatabaseSocket(host: string, port: number): Promise<DatabaseSocket> {
  const raw = connect({ hostname: host, port })
  await raw.opened
  return wrap(raw)
}

function wrap(raw: Socket) {
  const listeners = new Map<string, Set<Listener>>()
  const writer: WritableStreamDefaultWriter<Uint8Array> = raw.writable.getWriter()

  function on(event: string, listener: Listener): void {
    const known = listeners.get(event) ?? new Set()
    listeners.set(event, known.add(listener))
  }
  function removeListener(event: string, listener: Listener): void {
    listeners.get(event)?.delete(listener)
  }
  function once(event: string, listener: Listener): void {
    const first = (value?: unknown) => {
      removeListener(event, first)
      listener(value)
    }
    on(event, first)
  }
  function emit(event: string, value?: unknown): void {
    for (const listener of [...(listeners.get(event) ?? [])]) listener(value)
  }
  function closed(error?: unknown): void {
    if (socket.readyState === 'closed') return
    socket.readyState = 'closed'
    if (error !== undefined) emit('error', error)
    emit('close')
    raw.close().catch(() => {})
  }
  async function read(): Promise<void> {
    try {
      for await (const chunk of raw.readable as ReadableStream<Uint8Array>) {
        emit('data', Buffer.from(chunk))
      }
      closed()
    } catch (error) {
      closed(error)
    }
  }
  const socket = {
    readyState: 'open',
    on,
    once,
    removeListener,
    removeAllListeners: () => listeners.clear(),
    write(data: Uint8Array, done?: Listener): boolean {
      writer.write(data).then(() => done?.(), closed)
      return true
    },
    /**
     * Says goodbye and leaves the closing to Postgres, whose answer ends the reading: who closes
     * first keeps the port for a minute, and ours would be a new one for every request.
     */
    end(data?: Uint8Array): void {
      if (data === undefined) closed()
      else writer.write(data).catch(closed)
    },
    destroy: () => closed(),
  }
  raw.closed.then(
    () => closed(),
    (error) => closed(error),
  )
  void read()
  return socket
}

import { WebSocket, WebSocketServer } from 'ws'

// The baseline: a process that sends each message that it gets to everybody, as it came, one by one.
// Whoever opens /feed is the sender; /images?count=&bytes= is sent so many messages of so many bytes together, once it says something.
const server = new WebSocketServer({ host: '127.0.0.1', port: 0, perMessageDeflate: false })
const listeners = new Set<WebSocket>()

server.on('connection', (socket, request) => {
  const { pathname, searchParams } = new URL(request.url ?? '/', 'ws://localhost')
  socket.on('error', () => socket.terminate())
  switch (pathname) {
    case '/feed':
      socket.on('message', (data) => {
        for (const each of listeners) {
          if (each.readyState === WebSocket.OPEN) each.send(data, { binary: false })
        }
      })
      return
    case '/images': {
      const count = Number(searchParams.get('count'))
      const text = 'x'.repeat(Math.round(Number(searchParams.get('bytes')) / count))
      socket.once('message', () => {
        for (let sent = 0; sent < count; sent += 1) socket.send(text)
      })
      return
    }
    default:
      listeners.add(socket)
      socket.on('close', () => listeners.delete(socket))
  }
})
server.on('listening', () => {
  const address = server.address()
  const port = address !== null && typeof address === 'object' ? address.port : 0
  process.send?.({ type: 'ready', url: `ws://127.0.0.1:${port}` })
})
process.on('disconnect', () => process.exit(0))

import { createServer } from 'node:net'

/** Below the ports that systems give to whoever asks for any, so that none of those takes it before it is listened on. */
const LOWEST = 11_000
const HIGHEST = 32_000
const TRIES = 50

/** A port of 127.0.0.1 that nobody listens on now, drawn by chance. Throws when none is found. */
export async function freePort(): Promise<number> {
  for (let tried = 0; tried < TRIES; tried++) {
    const port = LOWEST + Math.floor(Math.random() * (HIGHEST - LOWEST))
    if (await isFree(port)) return port
  }
  throw new Error('no port')
}

function isFree(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer()
    server.once('error', () => resolve(false))
    server.listen(port, '127.0.0.1', () => server.close(() => resolve(true)))
  })
}

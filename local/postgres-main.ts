import { type PostgresOptions, startPostgres } from './postgres.ts'
import type { PostgresWord } from './postgres-process.ts'

// The process that owns an embedded Postgres. It stops it when its starter says so, is gone, or on SIGTERM; a Ctrl-C is the
// starter's business, because others may still have something to write.

function say(word: PostgresWord): void {
  if (process.connected) process.send?.(word)
}

const stopAsked = new Promise<void>((done) => {
  process.once('disconnect', done)
  process.once('SIGTERM', done)
  process.on('message', (message: { type?: unknown }) => {
    if (message.type === 'stop') done()
  })
})
process.on('SIGINT', () => {})
process.on('SIGHUP', () => {})

try {
  const options = JSON.parse(process.argv[2] ?? '') as PostgresOptions
  const postgres = await startPostgres(options)
  say({ type: 'ready', url: postgres.url })
  const end = await Promise.race([
    stopAsked.then(() => 'asked' as const),
    postgres.ended.then(() => 'died' as const),
  ])
  await postgres.stop()
  process.exit(end === 'asked' ? 0 : 1)
} catch (error) {
  say({ type: 'failed', message: error instanceof Error ? error.message : String(error) })
  process.exit(1)
}

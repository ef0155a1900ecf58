import { writeFileSync } from 'node:fs'
import { readArguments } from './arguments.ts'
import { startExchange } from './exchange.ts'
import { obey } from './obey.ts'

/** Runs the exchange as a process of its own, until SIGTERM, SIGINT or its parent's end. */
async function main(): Promise<void> {
  const read = readArguments(process.argv.slice(2))
  if (!read.ok) return fail(read.problems)
  const alone = process.send === undefined
  if (alone && read.keyFile === undefined)
    return fail(['--key-file: required: it gets the API key'])
  const exchange = await startExchange(read.options)
  const { wsUrl, restUrl, keyId, privateKeyPem } = exchange
  let stopping = false
  const stop = async () => {
    if (stopping) return
    stopping = true
    await exchange.close()
    if (process.connected) process.disconnect()
  }
  process.on('SIGTERM', stop).on('SIGINT', stop).on('disconnect', stop)
  if (read.keyFile !== undefined) writeFileSync(read.keyFile, privateKeyPem, { mode: 0o600 })
  if (alone) console.log(JSON.stringify({ type: 'ready', wsUrl, restUrl, keyId }))
  else {
    process.on('message', (word) => {
      const answer = obey(exchange, word)
      if (answer !== null && process.connected) process.send?.(answer)
    })
    process.send?.({ type: 'ready', wsUrl, restUrl, keyId, privateKeyPem })
  }
}

function fail(problems: readonly string[]): void {
  console.error(`the exchange cannot start:\n${problems.map((each) => `  ${each}`).join('\n')}`)
  process.exitCode = 1
  if (process.connected) process.disconnect()
}

main().catch((error: unknown) => {
  fail([error instanceof Error ? error.message : String(error)])
})

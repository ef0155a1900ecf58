import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import postgres from 'postgres'
import type { WorkerSetup } from './worker-setup.ts'

/**
 * Answers each POST with a world made for it, on 127.0.0.1 alone.
 * @returns the address to ask; it listens until its process ends
 */
export async function serveWorlds(make: () => Promise<WorkerSetup>): Promise<string> {
  const server = createServer((_, answer) => {
    make().then(
      (world) => answer.end(JSON.stringify(world)),
      (error: unknown) => answer.writeHead(500).end(String(error)),
    )
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}/`
}

/** A world of its own for one file of tests. Throws when none can be made. */
export async function worldOfFile(worlds: string): Promise<WorkerSetup> {
  const answer = await fetch(worlds, { method: 'POST' })
  if (!answer.ok) throw new Error(`no world for these tests: ${await answer.text()}`)
  return (await answer.json()) as WorkerSetup
}

/**
 * Copies a database to which nobody is connected, on the same server, with what its roles may do in it.
 * @returns puts an address of it into the copy
 * Throws as Postgres does.
 */
export async function copyDatabase(ownerUrl: string): Promise<(url: string) => string> {
  const copy = `copy_${randomBytes(6).toString('hex')}`
  const into = (url: string, name: string) => Object.assign(new URL(url), { pathname: name }).href
  const sql = postgres(into(ownerUrl, 'template1'), { max: 1, onnotice: () => {} })
  try {
    const original = new URL(ownerUrl).pathname.slice(1)
    await sql`create database ${sql(copy)} template ${sql(original)}`
  } finally {
    await sql.end({ timeout: 5 })
  }
  return (url) => into(url, copy)
}

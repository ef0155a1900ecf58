import { spawn } from 'node:child_process'
import { join } from 'node:path'

/** The project's folder. */
export const ROOT = join(import.meta.dirname, '..')

/** How a command ended and what it wrote, both streams as they came. */
export type Ended = { readonly code: number | null; readonly output: string }

/** Runs a command in the project's folder without input. Throws when it cannot be started. */
export function runCommand(program: string, ...args: string[]): Promise<Ended> {
  const { promise, resolve, reject } = Promise.withResolvers<Ended>()
  const child = spawn(program, args, { cwd: ROOT, stdio: ['ignore', 'pipe', 'pipe'] })
  const chunks: Buffer[] = []
  child.stdout.on('data', (chunk: Buffer) => chunks.push(chunk))
  child.stderr.on('data', (chunk: Buffer) => chunks.push(chunk))
  child.once('error', reject)
  child.once('close', (code) => resolve({ code, output: Buffer.concat(chunks).toString() }))
  return promise
}

/** What a command has to say when it fails, null when it succeeds. */
export async function commandProblem(program: string, ...args: string[]): Promise<string | null> {
  const { code, output } = await runCommand(program, ...args)
  return code === 0 ? null : output.trim() || `${program} exited with ${code}`
}

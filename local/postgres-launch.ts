import { type ChildProcess, spawn } from 'node:child_process'
import type { Identity } from './postgres-identity.ts'

const KEPT_CHARACTERS = 8_000

/** Starts a program of Postgres's under an identity, away from our terminal. */
export function launch(identity: Identity, program: string, flags: string[]): ChildProcess {
  const [first, ...rest] = [...identity.prefix, program, ...flags]
  const become = identity.prefix.length === 0 && identity.account !== null ? identity.account : {}
  return spawn(first ?? program, rest, {
    ...become,
    stdio: ['ignore', 'pipe', 'pipe'],
    detached: true, // a process group of its own: a terminal's Ctrl-C goes to ours
    cwd: '/',
    env: { PATH: process.env['PATH'] ?? '', LC_ALL: 'C' },
  })
}

/** Reads what a child says on both of its outputs; the answer gives the last of it. */
export function collectWords(child: ChildProcess): () => string {
  let words = ''
  const add = (chunk: Buffer) => {
    words = (words + chunk.toString('utf8')).slice(-KEPT_CHARACTERS)
  }
  child.stdout?.on('data', add)
  child.stderr?.on('data', add)
  return () => words.trim()
}

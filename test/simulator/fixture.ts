import { fileURLToPath } from 'node:url'

/** Where the small recording is that our own generator made. */
export const FIXTURE = fileURLToPath(new URL('../fixtures/recording.jsonl', import.meta.url))

/** What it was made from. */
export const FIXTURE_OPTIONS = { seed: 20_270_104, markets: 8, events: 200 }

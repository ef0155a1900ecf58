import type { CollectorConfig } from './config.ts'
import { logEvent } from './log-event.ts'
import { openSpool, type Spool } from './spool/spool.ts'

/** Why the exchange must not be read now: what it says could not be kept. */
export type Shut = 'overflow' | 'disk'

/** Tells whoever reads the exchange whether the spool takes what it reads; the spool outlives its readers. */
export class SpoolValve {
  #shut: Shut | null = null
  #listener: (shut: Shut | null) => void = () => {}

  /** The only listener from now on; it hears at once when the valve is shut already. */
  listen(listener: (shut: Shut | null) => void): void {
    this.#listener = listener
    if (this.#shut !== null) listener(this.#shut)
  }

  shut(why: Shut): void {
    this.#shut = why
    this.#listener(why)
  }

  open(): void {
    this.#shut = null
    this.#listener(null)
  }
}

/** Opens the configured spool, which shuts and opens the valve. Throws SpoolError. */
export function openSpoolBehind(valve: SpoolValve, config: CollectorConfig): Promise<Spool> {
  return openSpool({
    dir: config.SPOOL_DIR,
    maxBytes: config.SPOOL_MAX_BYTES,
    maxAgeS: config.SPOOL_MAX_AGE_S,
    fileBytes: config.SPOOL_FILE_BYTES,
    everyMs: config.SPOOL_EVERY_MS,
    syncMs: config.SPOOL_SYNC_MS,
    full: () => valve.shut('overflow'),
    failed: (reason, detail) => {
      logEvent('spool_failing', { detail })
      valve.shut(reason)
    },
    drained: () => valve.open(),
  })
}

declare namespace Cloudflare {
  interface Env
    extends Omit<import('../../worker/env.ts').Env, 'HYPERDRIVE_READER' | 'HYPERDRIVE_METADATA'> {
    readonly HYPERDRIVE_READER: Hyperdrive
    readonly HYPERDRIVE_METADATA: Hyperdrive
    /** The owner's way into the tests' Postgres. */
    readonly OWNER: Hyperdrive
    readonly TEST_KEYS: import('./test-keys.ts').TestKeys
  }
  interface GlobalProps {
    mainModule: typeof import('../../worker/main.ts')
  }
}

import { availableParallelism } from 'node:os'
import { cloudflareTest } from '@cloudflare/vitest-plugin'
import { defineConfig } from 'vitest/config'
import { LongestFirst } from './test/longest-first.ts'
import { worldOfFile } from './test/worker-worlds.ts'

/** Files of one number run side by side, and before those of the next; most of these wait for most of their time. */
const FIRST = { sequence: { groupOrder: 1 }, maxWorkers: 3 }

/** Of the e2e tests those that wait far more than they work: they run beside the worker's tests. */
const BESIDE = ['test/e2e/{replay,apart,database-away,journey,start,start-cut-off}.test.ts']

export default defineConfig({
  test: {
    // On two cores it would be one by itself, and many files wait for most of their time.
    maxWorkers: Math.max(2, availableParallelism() - 1),
    sequence: { sequencer: LongestFirst },
    projects: [
      {
        extends: true,
        test: {
          name: 'core',
          include: ['test/core/**/*.test.ts', 'test/*.test.ts'],
          // Pure: no file leaves anything behind that another could see.
          isolate: false,
          ...FIRST,
          // Properties are tried for long, and others may be at work beside.
          testTimeout: 20_000,
        },
      },
      {
        extends: true,
        test: {
          name: 'node',
          include: ['test/{collector,simulator,client,local,chaos}/**/*.test.ts'],
          ...FIRST,
          testTimeout: 20_000,
          // Many begin with a Postgres of their own, in which everything is made.
          hookTimeout: 60_000,
        },
      },
      {
        extends: true,
        test: {
          name: 'database',
          include: ['test/{migrations,store}/**/*.test.ts'],
          ...FIRST,
          testTimeout: 60_000,
          hookTimeout: 60_000,
        },
      },
      {
        extends: true,
        plugins: [
          cloudflareTest(async ({ inject }) => {
            const { ownerUrl, readerUrl, metadataUrl, accountUrl, pepper, keys, ...others } =
              await worldOfFile(inject<string>('worlds'))
            return {
              wrangler: { configPath: './wrangler.toml' },
              miniflare: {
                hyperdrives: {
                  HYPERDRIVE_READER: readerUrl,
                  HYPERDRIVE_METADATA: metadataUrl,
                  HYPERDRIVE_ACCOUNT: accountUrl,
                  OWNER: ownerUrl,
                },
                bindings: {
                  FEED_ENV: 'test',
                  FEED_SHARDS: '1',
                  FEED_SILENT_MS: '1500',
                  GATEWAY_LINGER_MS: '500',
                  FEED_TOKEN: 'the-feed-token-of-tests',
                  FEED_TOKEN_NEXT: 'the-next-feed-token-of-tests',
                  KEY_PEPPER_V1: pepper,
                  CURSOR_SECRET_V1: 'the-cursor-secret-of-tests',
                  SESSION_SECRET_V1: 'the-session-secret-of-tests',
                  PUBLIC_URL: 'https://kalshibook.test',
                  MAIL_ANSWER_MS: '100',
                  SUPABASE_URL: others.supabaseUrl,
                  SUPABASE_PUBLISHABLE_KEY: others.supabasePublishableKey,
                  SUPABASE_SECRET_KEY: others.supabaseSecretKey,
                  STRIPE_API_URL: others.stripeUrl,
                  STRIPE_SECRET_KEY: others.stripeSecretKey,
                  STRIPE_WEBHOOK_SECRET: others.stripeWebhookSecret,
                  STRIPE_METER_WEBHOOK_SECRET: others.stripeMeterWebhookSecret,
                  TEST_KEYS: keys,
                },
              },
            }
          }),
        ],
        test: {
          name: 'worker',
          include: ['test/worker/**/*.test.ts'],
          globalSetup: ['./test/worker-setup.ts'],
          setupFiles: ['./test/worker/loaded.ts'],
          // In hundreds of modules each, that every file would load anew.
          deps: {
            optimizer: {
              ssr: { enabled: true, include: ['stripe', '@supabase/supabase-js', 'jose'] },
            },
          },
          testTimeout: 20_000,
          hookTimeout: 60_000,
          // A second, which is the default, is what the product itself waits for some things.
          expect: { poll: { timeout: 10_000 } },
          sequence: { groupOrder: 2 },
        },
      },
      {
        extends: true,
        test: {
          name: 'beside',
          include: BESIDE,
          testTimeout: 180_000,
          hookTimeout: 180_000,
          sequence: { groupOrder: 2 },
        },
      },
      {
        extends: true,
        test: {
          name: 'site',
          include: ['test/site/**/*.test.ts'],
          testTimeout: 60_000,
          hookTimeout: 180_000,
          sequence: { groupOrder: 2 },
        },
      },
      {
        extends: true,
        test: {
          name: 'e2e',
          include: ['test/e2e/**/*.test.ts'],
          exclude: BESIDE,
          testTimeout: 180_000,
          hookTimeout: 180_000,
          // Each file runs the whole product: after all others, and one of two waits more than it works.
          maxWorkers: 2,
          sequence: { groupOrder: 3 },
        },
      },
    ],
  },
})

import type { CollectorConfig } from './config.ts'

/** What connections to the exchange need of the configuration. */
export type ExchangeConfig = Pick<
  CollectorConfig,
  | 'KALSHI_WS_URL'
  | 'KALSHI_KEY_ID'
  | 'privateKey'
  | 'CONNECTIONS'
  | 'COMMAND_MARKETS'
  | 'COMMANDS_PER_S'
  | 'HANDSHAKE_MS'
  | 'PING_EVERY_MS'
  | 'PONG_MS'
  | 'PROBE_MS'
  | 'SILENCE_MS'
  | 'RECOVERY_MS'
  | 'HEALTHY_MS'
  | 'PLACEMENT_EVERY_MS'
>

/** The sheets of the pages of keys, billing and settings. */
export const KEY_STYLES = ['dashboard.css', 'account.css'] as const

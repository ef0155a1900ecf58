// Loaded before a measured child's own program: says what the process has cost so far, and its memory.
const EVERY_MS = 250

setInterval(() => {
  if (!process.connected) return
  const { user, system } = process.cpuUsage()
  process.send?.({ type: 'usage', cpuUs: user + system, rss: process.memoryUsage.rss() })
}, EVERY_MS).unref()

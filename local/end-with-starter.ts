// Loaded before a child's own program: one whose starter goes while it still loads would never hear
// of it. Once the program listens itself, its end is its own business.
process.once('disconnect', () => {
  if (process.listenerCount('disconnect') === 0) process.exit()
})

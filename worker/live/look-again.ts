/**
 * Sets the alarm at which an object looks at its peers again, ms since 1970. What is sent meanwhile does not wait until the
 * alarm is stored, as messages wait for every other write
 * (https://developers.cloudflare.com/durable-objects/api/sqlite-storage-api/#setalarm): one that is lost is lost together with
 * the sockets that it would have looked at.
 */
export function lookAgain(storage: DurableObjectStorage, atMs: number): Promise<void> {
  return storage.setAlarm(atMs, { allowUnconfirmed: true })
}

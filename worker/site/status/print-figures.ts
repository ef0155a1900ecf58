/** A time that something takes, ms, as people read it; `null` for what is not known. */
export function printAge(ms: number | null): string {
  if (ms === null) return 'not known'
  if (ms < 10) return `${ms.toFixed(1)} ms`
  if (ms < 1000) return `${Math.round(ms)} ms`
  if (ms < 60_000) return `${(ms / 1000).toFixed(1)} s`
  return printLength(ms / 1000)
}

/** A length of time, s, in its two largest units, the second left out where it is none. */
export function printLength(seconds: number): string {
  if (seconds < 10) return `${seconds.toFixed(1)} s`
  const whole = Math.round(seconds)
  if (whole < 60) return `${whole} s`
  const [days, hours, minutes] = [
    Math.floor(whole / 86_400),
    Math.floor(whole / 3600) % 24,
    Math.floor(whole / 60) % 60,
  ]
  const two = (large: string, small: number, unit: string) =>
    small === 0 ? large : `${large} ${small} ${unit}`
  if (days > 0) return two(`${days} d`, hours, 'h')
  return hours > 0 ? two(`${hours} h`, minutes, 'min') : two(`${minutes} min`, whole % 60, 's')
}

/** A share in percent, never rounded up to the whole. */
export function printShare(part: number, whole: number): string {
  if (part === whole) return '100 %'
  return `${(Math.floor((part / whole) * 100_000) / 1000).toFixed(3)} %`
}

/** A moment of an answer to the second: `2026-11-23 14:05:09`. */
export function printSecond(instant: string): string {
  return `${instant.slice(0, 10)} ${instant.slice(11, 19)}`
}

/** A line for a shell that follows a market's book and trades and prints every message; the Node that we bring runs it. */
export function streamCall(url: string, key: string, ticker: string): string {
  const address = `${url.replace(/^http/, 'ws')}/v1/stream`
  const asked = { op: 'subscribe', id: 1, channels: ['book', 'trade'], markets: [ticker] }
  const script = [
    `s = new WebSocket("${address}", { headers: { Authorization: "Bearer ${key}" } })`,
    `s.onopen = () => s.send(\`${JSON.stringify(asked)}\`)`,
    's.onmessage = ({ data }) => console.log(data)',
    's.onclose = ({ code, reason }) => console.log("closed", code, reason)',
  ]
  return `node_modules/.bin/node -e '${script.join('; ')}'`
}

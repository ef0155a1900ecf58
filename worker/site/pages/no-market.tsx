/** What is shown for a ticker that we know no market of; it repeats nothing of what was asked. */
export function NoSuchMarket() {
  return (
    <div class="alone">
      <h1>No such market</h1>
      <p>There is no market of this ticker.</p>
      <p>
        <a href="/markets">Search the markets</a>
      </p>
    </div>
  )
}

/** What is shown while the store cannot be read. */
export function MarketsAway() {
  return (
    <div class="alone">
      <h1>Not now</h1>
      <p>The list of markets cannot be read at this moment. Please try again in a minute.</p>
      <p>
        <a href="/status">Status</a>
      </p>
    </div>
  )
}

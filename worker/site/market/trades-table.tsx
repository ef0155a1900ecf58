/** The table of the last trades, which the page’s script fills. */
export function TradesTable() {
  return (
    <table class="trades">
      <thead>
        <tr>
          <th scope="col">UTC</th>
          <th scope="col" class="num">
            Yes price
          </th>
          <th scope="col" class="num">
            Size
          </th>
        </tr>
      </thead>
      <tbody id="trades" />
    </table>
  )
}

/** What leads to each part of the dashboard: address and name. */
const TABS = [
  ['/dashboard', 'Overview'],
  ['/dashboard/keys', 'Keys'],
  ['/dashboard/requests', 'Requests'],
  ['/dashboard/billing', 'Billing'],
  ['/dashboard/settings', 'Settings'],
] as const

/** The way between the parts of the dashboard; pages that show it name the sheet `dashboard.css`. @param props.path of the page */
export function DashboardTabs({ path }: { readonly path: string }) {
  return (
    <nav class="tabs" aria-label="Dashboard">
      {TABS.map(([href, name]) => (
        <a href={href} {...(href === path ? { 'aria-current': 'page' } : {})}>
          {name}
        </a>
      ))}
    </nav>
  )
}

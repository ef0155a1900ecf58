import { part } from './part.ts'

/** What Scalar's script leaves in the window. */
type WithScalar = {
  readonly Scalar?: {
    createApiReference(element: HTMLElement, settings: Readonly<Record<string, unknown>>): unknown
  }
}

/** Nothing of it asks another host, and no fonts but the system's are taken. */
const SETTINGS = {
  url: '/openapi.json',
  telemetry: false,
  withDefaultFonts: false,
  proxyUrl: '',
  hideClientButton: true,
  agent: { disabled: true },
  mcp: { disabled: true },
  showDeveloperTools: 'never',
  persistAuth: false,
  defaultHttpClient: { targetKey: 'shell', clientKey: 'curl' },
}

const button = part<HTMLButtonElement>('explorer-open')
button.addEventListener('click', () => {
  button.disabled = true
  part('explorer-note').textContent = 'It is being loaded…'
  const script = document.createElement('script')
  script.src = button.dataset['script'] ?? ''
  script.addEventListener('load', open)
  script.addEventListener('error', () => {
    button.disabled = false
    part('explorer-note').textContent = 'It could not be loaded. Please try again.'
  })
  document.head.append(script)
})

function open(): void {
  const { Scalar } = window as WithScalar
  if (Scalar === undefined) return
  part('explorer-intro').hidden = true
  Scalar.createApiReference(part('explorer'), SETTINGS)
}

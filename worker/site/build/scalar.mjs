// The interactive reference, by Scalar: its package holds the script that a page needs, behind a plugin that serves it.
import plugin from '@scalar/fastify-api-reference'

/** The text of Scalar's script for browsers. Throws when the package serves none. */
export function readScalar() {
  const routes = []
  const server = { route: (route) => routes.push(route), hasPlugin: () => false }
  plugin(server, { configuration: { url: '/openapi.json' } }, () => {})
  const route = routes.find(({ url }) => url.endsWith('/scalar.js'))
  if (route === undefined) throw new Error('@scalar/fastify-api-reference serves no scalar.js')
  let text = ''
  const reply = { header: () => reply, send: (sent) => (text = sent) }
  route.handler(null, reply)
  return text
}

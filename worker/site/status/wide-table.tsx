import type { Child } from 'hono/jsx'

type Props = { readonly name: string; readonly tall?: boolean; readonly children: Child }

/** A table that may be wider, or higher, than its place: who has no mouse scrolls it by keys. */
export function WideTable({ name, tall = false, children }: Props) {
  return (
    <section class={`scroll${tall ? ' tall' : ''}`} aria-label={name} tabindex={0}>
      <table>{children}</table>
    </section>
  )
}

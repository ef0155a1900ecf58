import { fileAddress } from './file-address.ts'

type Props = {
  readonly title: string
  /** null, and search engines are asked not to list the page. */
  readonly description: string | null
  /** Absolute. */
  readonly address: string
}

/** What a page says of itself to search engines, and to those who show a link to it. */
export function PageMeta({ title, description, address }: Props) {
  return (
    <>
      <title>{title}</title>
      <link rel="icon" type="image/svg+xml" href={fileAddress('favicon.svg')} />
      {description === null ? (
        <meta name="robots" content="noindex" />
      ) : (
        <>
          <meta name="description" content={description} />
          <link rel="canonical" href={address} />
          <meta property="og:site_name" content="KalshiBook" />
          <meta property="og:type" content="website" />
          <meta property="og:title" content={title} />
          <meta property="og:description" content={description} />
          <meta property="og:url" content={address} />
        </>
      )}
    </>
  )
}

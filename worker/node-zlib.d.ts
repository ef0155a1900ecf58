/** What of Node's zlib the Worker uses: workerd brings it, its types bring only Node's own. */
declare module 'node:zlib' {
  /** Throws an error of code ERR_BUFFER_TOO_LARGE when more would come out than `maxOutputLength`. */
  export function inflateRawSync(
    data: Uint8Array,
    options: { readonly maxOutputLength: number },
  ): Uint8Array
}

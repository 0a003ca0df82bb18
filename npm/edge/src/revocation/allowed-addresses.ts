// Which addresses may be asked on behalf of a token. A token never leads anywhere else, however it spells it.

/**
 * Reads what the verifier allows: whole addresses, and beginnings that end with `/`. Only addresses in the normal form of
 * the URL standard are allowed, so that none can step out of a beginning.
 */
export function allowedAddresses(
  option: string,
  allowed: readonly (string | URL)[],
): (address: string) => boolean {
  if (!Array.isArray(allowed) || allowed.length === 0) {
    throw new TypeError(`${option}: give at least one`)
  }
  const known = allowed.map((address) => normal(option, address))
  // Most tokens name the same list as the one before.
  let last: string | undefined
  return (address) => {
    if (address === last) return true
    const allowed =
      URL.canParse(address) &&
      new URL(address).href === address &&
      // Some servers read an escaped slash like any other.
      !/#|%2f|%5c/i.test(address) &&
      known.some((one) => (one.endsWith('/') ? address.startsWith(one) : address === one))
    if (allowed) last = address
    return allowed
  }
}

function normal(option: string, address: string | URL): string {
  if (!URL.canParse(String(address))) throw new TypeError(`${option}: not an absolute URL`)
  const url = new URL(address)
  const loopback = /^(localhost|127(\.\d{1,3}){3}|\[::1\])$/.test(url.hostname)
  if (url.protocol !== 'https:' && !(url.protocol === 'http:' && loopback)) {
    throw new TypeError(`${option}: has to be https (http on loopback only)`)
  }
  if (url.username || url.password || url.hash) {
    throw new TypeError(`${option}: has a user or a fragment`)
  }
  return url.href
}

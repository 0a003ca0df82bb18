// A bounded memory of tokens whose signature was verified. The whole text is the key: no part of it stands for the rest.
//
// A token is kept from its second use on. Where each comes once, nothing is kept: neither does it push out what comes
// often, nor does the garbage collector move it about while requests wait.

/** Keeps the most recently used entries. */
export interface Seen<T> {
  get(token: string): T | undefined
  /** Keeps it, or only marks that it was here once. */
  set(token: string, value: T): void
}

/** Longer tokens are verified each time. */
const longest = 4096
/** All texts together, in characters; what is kept of their claims is a small multiple. */
const mostCharacters = 8 * 1024 * 1024

/** A memory for `size` tokens, and for fewer where these are long. */
export function seenTokens<T>(size: number): Seen<T> {
  const entries = new Map<string, T>()
  const once = marks(size)
  let characters = 0

  function remove(token: string): void {
    if (entries.delete(token)) characters -= token.length
  }

  return {
    get(token) {
      const value = entries.get(token)
      if (value === undefined) return undefined
      // A Map keeps the order of insertion: what is used goes to the end.
      entries.delete(token)
      entries.set(token, value)
      return value
    },
    set(token, value) {
      if (size === 0 || token.length > longest) return
      if (entries.has(token)) remove(token)
      else if (!once.had(token)) return
      while (entries.size >= size || characters + token.length > mostCharacters) {
        remove(entries.keys().next().value as string)
      }
      entries.set(token, value)
      characters += token.length
    },
  }
}

/** Marks of tokens that were here once. A later one may take the place of an earlier one; that costs a verification more. */
function marks(size: number): { had(token: string): boolean } {
  // Room for many times what is kept, at most 256 KiB.
  const places = new Uint32Array(2 ** Math.min(16, Math.ceil(Math.log2(size + 1)) + 4))
  return {
    had(token) {
      const mark = markOf(token)
      const place = mark & (places.length - 1)
      if (places[place] === mark) return true
      places[place] = mark
      return false
    },
  }
}

/** FNV-1a of the last characters: of a signature or a tag, which nobody can choose in a token that was verified. */
function markOf(token: string): number {
  let mark = 0x811c9dc5
  for (let at = Math.max(0, token.length - 12); at < token.length; at++) {
    mark = Math.imul(mark ^ token.charCodeAt(at), 0x01000193)
  }
  return mark >>> 0
}

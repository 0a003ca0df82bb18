// A bounded memory of tokens whose signature was verified. The whole text is the key: no part of it stands for the rest.

/** Keeps the most recently used entries. */
export interface Seen<T> {
  get(token: string): T | undefined
  set(token: string, value: T): void
}

/** Longer tokens are verified each time. */
const longest = 4096
/** All texts together, in characters; what is kept of their claims is a small multiple. */
const mostCharacters = 8 * 1024 * 1024

/** A memory for `size` tokens, and for fewer where these are long. */
export function seenTokens<T>(size: number): Seen<T> {
  const entries = new Map<string, T>()
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
      while (entries.size >= size || characters + token.length > mostCharacters) {
        remove(entries.keys().next().value as string)
      }
      entries.set(token, value)
      characters += token.length
    },
  }
}

// A bounded memory of tokens whose signature was verified. The whole text is the key: no part of it stands for the rest.

/** Keeps the most recently used entries. */
export interface Seen<T> {
  get(token: string): T | undefined
  set(token: string, value: T): void
  delete(token: string): void
  clear(): void
}

/** Longer tokens are verified each time, so that the memory stays bounded in bytes too. */
const longest = 4096

/** A memory for `size` tokens. */
export function seenTokens<T>(size: number): Seen<T> {
  const entries = new Map<string, T>()
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
      if (entries.size >= size) {
        const oldest = entries.keys().next()
        if (!oldest.done) entries.delete(oldest.value)
      }
      entries.set(token, value)
    },
    delete: (token) => void entries.delete(token),
    clear: () => entries.clear(),
  }
}

// Which fields a visit token lets its holder tokenize and reveal.
import { LingpaiError } from '../error.js'
import { scopeIncludes } from '../scope.js'
import type { Claims } from '../types.js'

/** What a scope of a field allows. */
export type Right = 'tokenize' | 'reveal'

/** Refuses a request that is about a field which the token has no scope for. */
export function requireScopes(
  claims: Claims,
  right: Right,
  items: readonly { field: string }[],
): void {
  for (const { field } of items) {
    if (!mayUse(claims, right, field)) throw new LingpaiError('insufficient_scope')
  }
}

/** Whether a token has the scope of a field. */
export function mayUse({ scope }: Claims, right: Right, field: string): boolean {
  return scopeIncludes(scope, `${right}:${field}`)
}

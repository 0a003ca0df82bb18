// Asks all sources of revocations about a token. Where one does not know, the token is refused.
import { isLingpaiError, LingpaiError } from './error.js'
import type { Claims, RevocationSource } from './types.js'

/** Refuses a token that one of the sources has revoked; all are asked at once, since each may have to fetch. */
export async function refuseRevoked(
  sources: readonly RevocationSource[],
  claims: Claims,
): Promise<void> {
  if (sources.length === 0) return
  const answers = await Promise.all(sources.map((source) => answerOf(source, claims)))
  if (answers.includes(true)) throw new LingpaiError('token_revoked')
}

async function answerOf(source: RevocationSource, claims: Claims): Promise<boolean> {
  try {
    return (await source.isRevoked(claims)) !== false
  } catch (error) {
    // A source may refuse with a code of its own.
    if (isLingpaiError(error)) throw error
    throw new LingpaiError('storage_unavailable', { cause: error })
  }
}

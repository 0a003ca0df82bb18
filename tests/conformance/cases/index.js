// All cases, made once and given to every runtime alike. A case is { name, kind, …input, expected? }: `expected` is the
// outcome, a function of it, or absent where it only has to be the same everywhere.
import { claimCases } from './claims.js'
import { figureCases } from './figures.js'
import { hostileEd25519Cases } from './ed25519.js'
import { jweCases } from './jwe.js'
import { proofCases } from './proofs.js'
import { sealedCases } from './sealed.js'
import { tokenCases } from './tokens.js'

/** Groups by name. */
export async function createCases() {
  return {
    'signatures, every algorithm, good and hostile': tokenCases(),
    'Ed25519 on the edge of the standard': hostileEd25519Cases(),
    'figures of the standards': figureCases(),
    'claims and times': claimCases(),
    'proofs of possession': proofCases(),
    'sealed texts': await jweCases(),
    'sealed tokens': await sealedCases(),
  }
}

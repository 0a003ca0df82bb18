// What is loaded when it is first needed: visits, tokenizers and operations.
import type { Holder } from './kit'
import type {
  BeginOperationOptions,
  ClaimOperationOptions,
  OperationDetails,
  OperationHandle,
} from './operation/types'
import type { Tokenizer, TokenizerOptions } from './tokenizer/types'

/** What a user can do besides, by a login or by a visit. Its code is loaded when it is first needed. */
export interface Further {
  /**
   * Tokens of the vault for values, also while the vault is away, as far as the issuer's signed policy allows. Needs to know the
   * issuer, and a platform with WebAssembly and a random source. Loads a module of its own.
   */
  tokenizer(options?: TokenizerOptions): Promise<Tokenizer>
  /**
   * Begins a sensitive operation: gets an alias for `options.account`, which is deleted when the operation was executed, when
   * it is given up, when the mini-program is hidden, or when time runs out. `details` are what is shown and what is executed.
   */
  beginOperation(
    type: string,
    details: OperationDetails | undefined,
    options: BeginOperationOptions,
  ): Promise<OperationHandle>
  /** Takes over an operation that another terminal of the same user has begun, by its `pairingCode`. */
  claimOperation(pairingCode: string, options?: ClaimOperationOptions): Promise<OperationHandle>
}

/** The same for a holder. Paths are said literally, as build tools want it. */
export const further = (holder: () => Promise<Holder>): Further => ({
  tokenizer: async (...all) =>
    (require('./tokenizer.js') as typeof import('./tokenizer/open')).openTokenizer(
      await holder(),
      ...all,
    ),
  beginOperation: async (...all) => operation().beginOperation(await holder(), ...all),
  claimOperation: async (...all) => operation().claimOperation(await holder(), ...all),
})
/** For an app that has visits. */
export const visits = () => require('./visit.js') as typeof import('./visit/redeem')
const operation = () => require('./operation.js') as typeof import('./operation/begin')

declare function require(path: string): unknown

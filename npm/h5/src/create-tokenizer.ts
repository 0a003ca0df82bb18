// createTokenizer as the page's entry has it: what it does, and its module, come when it is called for the first time.
import type { Tokenizer } from './tokenizer/tokenizer.js'
import type { TokenizerOptions } from './tokenizer/options.js'

/**
 * Makes a tokenizer: tokens of the vault for values, also while the vault is away, as far as the issuer's signed policy
 * allows.
 *
 * Rejects with a `TypeError` for wrong usage, with the signal's reason when it is aborted, and with `internal` where
 * WebAssembly does not start. That the vault is away is no reason to reject.
 *
 * @example
 * ```ts
 * const tokenizer = await createTokenizer({ visit })
 * const token = await tokenizer.tokenize('13800138000', { field: 'phone' })
 * ```
 */
export async function createTokenizer(options: TokenizerOptions): Promise<Tokenizer> {
  const [{ openTokenizer }, { openStore }] = await Promise.all([
    import('./tokenizer/tokenizer.js'),
    import('./store.js'),
  ])
  return openTokenizer(options, openStore)
}

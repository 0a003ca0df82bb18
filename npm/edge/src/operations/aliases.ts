// What the core does with the service's keys: make aliases, name them, seal what is stored.
import { engine } from '../engine/full.js'
import { usable } from '../option-values.js'

/** The service's keys at work. */
export interface Aliases {
  /** The sequence to try after so many others were taken; nothing where that is the account itself. */
  sequence(account: string, modifications: number): { alias: string; name: string } | undefined
  /** The name of an alias in the store. */
  nameOf(alias: string): string
  seal(context: string, text: string): string
  /** Throws `decryption_failed`. */
  unseal(context: string, sealed: string): string
}

/** Takes the keys. Throws a `TypeError` where they do not do. */
export function createAliases(config: string): Aliases {
  const { glue, resource } = engine
  const keys = usable('keys', () => resource(() => glue.aliasesNew(config), glue.aliasesFree))
  return {
    sequence(account, modifications) {
      const text = keys.use((number) => glue.aliasSequence(number, account, modifications))
      return text === undefined ? undefined : JSON.parse(text)
    },
    nameOf: (alias) => keys.use((number) => glue.aliasName(number, alias)),
    seal: (context, text) => keys.use((number) => glue.aliasSeal(number, context, text)),
    unseal: (context, sealed) => keys.use((number) => glue.aliasUnseal(number, context, sealed)),
  }
}

/** A secret that closes or claims an alias, and what the store keeps of it. */
export function newSecret(): { secret: string; hash: string } {
  return JSON.parse(engine.call((glue) => glue.aliasSecret()))
}

/** The name of a visit or an operation in the store. */
export function storedName(kind: 'visit' | 'operation', text: string): string {
  return engine.call((glue) => glue.storedName(kind, text))
}

// The vault made from the bindings, when it is first asked for: a deployment without one does not need them.

import { createVault, type Vault, type VaultField, type VaultOptions } from '@lingpai/edge/vault'
import { durableVault, type DurableLedger } from '@lingpai/edge/durable'
import type { Verifier } from '@lingpai/edge/authority'
import { bindingProblem, issuer, json, type Env } from './bindings'

/** Shards of a tenant. The number must never change. */
const shards = 16

export function vaultOf(env: Env, verifier: Verifier, ledger: DurableLedger): Vault {
  if (!env.TOKEN_VAULT) throw bindingProblem('TOKEN_VAULT', 'is missing')
  return configured({
    issuer: issuer(env),
    signingKeys: json(env, 'SIGNING_KEYS'),
    sealKeys: json(env, 'VAULT_SEAL_KEYS'),
    dataKeys: json(env, 'VAULT_DATA_KEYS'),
    indexKey: json(env, 'VAULT_INDEX_KEY'),
    fields: json<VaultField[]>(env, 'VAULT_FIELDS'),
    shards,
    store: durableVault(env.TOKEN_VAULT),
    verifier,
    replay: ledger,
    onEvent: (event) => console.error(`vault: ${event.type}`),
  })
}

const bindingOf: Partial<Record<string, keyof Env>> = {
  signingKeys: 'SIGNING_KEYS',
  sealKeys: 'VAULT_SEAL_KEYS',
  dataKeys: 'VAULT_DATA_KEYS',
  indexKey: 'VAULT_INDEX_KEY',
  fields: 'VAULT_FIELDS',
}

/** Complaints about an option become complaints about the binding that it came from. */
function configured(options: VaultOptions): Vault {
  try {
    return createVault(options)
  } catch (error) {
    if (!(error instanceof TypeError)) throw error
    const option = Object.keys(bindingOf).find((name) => error.message.includes(name))
    const binding = option && bindingOf[option]
    throw binding ? bindingProblem(binding, 'is malformed') : error
  }
}

// Sensitive operations of this service: money is sent from an account that the page knows under an alias.

import { createOperations, type Operations } from '@lingpai/edge/operations'
import { durableAliases } from '@lingpai/edge/durable'
import type { SharedKey, Verifier } from '@lingpai/edge/authority'
import { waitUntil } from 'cloudflare:workers'
import { bindingProblem, json, type Env } from './bindings'
import { bankOf } from './demo/bank'

/** Made when the first request about an operation comes: a deployment without them needs no bindings for them. */
export function operationsOf(env: Env, verifier: Verifier): () => Operations {
  let made: Operations | undefined
  return () => (made ??= make(env, verifier))
}

function make(env: Env, verifier: Verifier): Operations {
  if (!env.ALIASES) throw bindingProblem('ALIASES', 'is missing')
  // A stub serves the request in which it was made.
  const bank = () => bankOf(env)
  try {
    return createOperations({
      verifier,
      store: durableAliases(env.ALIASES),
      keys: json<SharedKey[]>(env, 'ALIAS_KEYS'),
      operations: ['transfer'],
      requiredScope: 'transfer',
      // The bank's own letters are no secret.
      keepFirst: 3,
      ownsAccount: ({ subject, account }) => bank().owns(subject, account),
      accountExists: (identifier) => bank().exists(identifier),
      execute: ({ account, details, subject, idempotencyKey }) =>
        bank().transfer({ key: idempotencyKey, subject, account, details }),
      resolve: ({ idempotencyKey }) => bank().outcomeOf(idempotencyKey),
      waitUntil,
      onEvent: (event) => console.log(JSON.stringify(event)),
    })
  } catch (error) {
    // Complaints about the option become complaints about the binding that it came from.
    const aboutKeys = error instanceof TypeError && error.message.startsWith('keys')
    throw aboutKeys ? bindingProblem('ALIAS_KEYS', 'is malformed') : error
  }
}

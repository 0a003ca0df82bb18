// The suite with @lingpai/edge as its library.
import { createVerifier } from '@lingpai/edge'
import * as jose from '@lingpai/edge/jose'

import { engine } from '../../npm/edge/dist/engine/verify.js'
import { hostVerifies } from '../../npm/edge/dist/host-crypto.js'
import { conformance } from './suite.js'

/** What no option asks for: Ed25519 by the host, after what the module checks without arithmetic. */
async function verifyByHost(options, token, nowMs) {
  const { issuer, audience, keys, type, clockToleranceSeconds = 5, requiredScope = '' } = options
  const config = JSON.stringify({
    issuer,
    audiences: [audience],
    type,
    toleranceSeconds: clockToleranceSeconds,
    requiredScope,
    host: ['EdDSA'],
  })
  const set = JSON.stringify(Array.isArray(keys) ? { keys } : keys)
  const number = engine.call((glue) => glue.verifierNew(config, set, false))
  const ask = (host) =>
    JSON.parse(engine.call((glue) => glue.verifierVerify(number, token, nowMs / 1000, host)))
  const question = ask(0)
  if (!question.host) throw new Error('the host was not asked')
  return ask((await hostVerifies(question.host, token)) ? 1 : 2).claims
}

export const run = conformance({ createVerifier, jose, verifyByHost })

// What a service that verifies does with @lingpai/edge; runs unchanged in every runtime.
import { createVerifier, LingpaiError } from '@lingpai/edge'
import * as data from './data.js'

export async function check() {
  const { issuer, audience, keys } = data
  const verifier = createVerifier({ issuer, audience, keys })
  const { claims } = await verifier.verify(data.token)
  const refusal = await verifier.verify(data.alteredToken).catch((error) => error)
  return {
    subject: claims.sub,
    refusal: refusal instanceof LingpaiError && refusal.code,
  }
}

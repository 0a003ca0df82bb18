// What a server that issues and verifies does with @lingpai/edge; runs unchanged in every runtime.
import { createAuthority, createVerifier, LingpaiError } from '@lingpai/edge/authority'
import { clientAssertion } from '@lingpai/edge/partner'
import * as data from './data.js'

export async function check() {
  const { issuer, audience, keys, partnerKey } = data
  const verifier = createVerifier({ issuer, audience, keys })
  const { claims } = await verifier.verify(data.token)
  const refusal = await verifier.verify(data.alteredToken).catch((error) => error)
  const assertion = await clientAssertion({ clientId: 'partner', issuer, privateKey: partnerKey })
  return {
    subject: claims.sub,
    refusal: refusal instanceof LingpaiError && refusal.code,
    assertionParts: assertion.split('.').length,
    authority: typeof createAuthority,
  }
}

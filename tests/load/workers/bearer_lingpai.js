// A service whose only work is the token: @lingpai/edge.
import { createVerifier } from '@lingpai/edge'

let handle

export default {
  fetch(request, env) {
    handle ??= createVerifier({
      issuer: env.ISSUER,
      audience: `${env.ISSUER}/api`,
      keys: JSON.parse(env.KEYS),
    }).protect((_, { claims }) => Response.json({ sub: claims.sub }))
    return handle(request)
  },
}

// A service whose only work is the token: `jose`.
import { importJWK, jwtVerify } from 'jose'

let key
let options

export default {
  async fetch(request, env) {
    key ??= await importJWK(JSON.parse(env.KEYS).keys[0], 'EdDSA')
    options ??= {
      issuer: env.ISSUER,
      audience: `${env.ISSUER}/api`,
      typ: 'vt+jwt',
      algorithms: ['EdDSA'],
      clockTolerance: 5,
      requiredClaims: ['exp'],
    }
    try {
      const [scheme, token] = request.headers.get('authorization').split(' ')
      if (scheme !== 'Bearer') throw new Error('scheme')
      const { payload } = await jwtVerify(token, key, options)
      return Response.json({ sub: payload.sub })
    } catch {
      return new Response(null, { status: 401 })
    }
  },
}

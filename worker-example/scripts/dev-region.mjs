// The residency of a development Worker: three areas, their rules, and a key pair and a lookup key for each.

const areas = ['cn', 'eu', 'us']

/** What the demo's scene of areas may do. */
export const regionScopes = ['users:read', 'users:write', 'users:move', 'users:erase']

/** Bindings; `keyPair` and `symmetric` make keys. */
export function regionBindings({ keyPair, symmetric }) {
  return {
    RESIDENCY: {
      rules: {
        areas,
        default: 'us',
        identifiers: [
          { type: 'phone', form: 'e164', prefixes: { '+86': 'cn', '+49': 'eu', '+33': 'eu' } },
          { type: 'email', form: 'email' },
        ],
        regions: { CN: 'cn', DE: 'eu', FR: 'eu', US: 'us' },
        data: [{ type: 'profile' }, { type: 'orders' }, { type: 'payments', area: 'eu' }],
      },
      places: {
        cn: { locationHint: 'apac' },
        eu: { jurisdiction: 'eu' },
        us: { locationHint: 'enam' },
      },
      // workerd by itself has no jurisdictions.
      jurisdictions: 'ignore',
    },
    REGION_KEYS: Object.fromEntries(
      areas.map((area) => {
        const seal = keyPair('x25519', `${area}-seal`, { use: 'enc', alg: 'ECDH-ES+A256KW' })
        return [area, { sealKeys: [{ key: seal.secret }], lookupKey: symmetric(`${area}-lookup`) }]
      }),
    ),
  }
}

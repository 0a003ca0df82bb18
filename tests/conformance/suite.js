// What each case does with the library, in any runtime. A case is JSON, so is its outcome: what was given, or the code of
// the refusal. The library is a parameter: { createVerifier, jose, verifyByHost }.

/** A function that gives the outcomes of many cases, by name. */
export function conformance(library) {
  return async (cases) => {
    const outcomes = {}
    for (const one of cases) outcomes[one.name] = await kinds[one.kind](library, one)
    return outcomes
  }
}

const kinds = {
  /** A token: asynchronously, at once, once more, by the host's primitive. All but the first only where they differ. */
  async token({ createVerifier, verifyByHost }, { options, token, nowMs, byHost }) {
    let verifier
    try {
      verifier = createVerifier({ ...options, now: () => nowMs })
    } catch (error) {
      return { unusable: String(error) }
    }
    const later = await outcome(async () => (await verifier.verify(token)).claims)
    const now = await outcome(() => verifier.verifySync(token).claims)
    const again = await outcome(async () => (await verifier.verify(token)).claims)
    const host = byHost ? await outcome(() => verifyByHost(options, token, nowMs)) : later
    const others = Object.entries({ now, again, host }).filter(([, other]) => !same(later, other))
    return { later, ...Object.fromEntries(others) }
  },

  /** A token that travels sealed. */
  sealed({ createVerifier }, { options, token, nowMs }) {
    const verifier = createVerifier({ ...options, now: () => nowMs })
    return outcome(async () => (await verifier.verify(token)).claims.sub)
  },

  /** Requests, one after the other at one verifier with one store. */
  async requests({ createVerifier }, { options, requests, nowMs }) {
    const burned = new Set()
    const replay = {
      async burn(key) {
        if (burned.has(key)) return false
        burned.add(key)
        return true
      },
    }
    const verifier = createVerifier({ ...options, replay, now: () => nowMs })
    const outcomes = []
    for (const { method, url, headers } of requests) {
      const verify = async () => {
        const { claims, proof } = await verifier.verify(new Request(url, { method, headers }))
        return { sub: claims.sub, jkt: proof?.jkt }
      }
      outcomes.push(await outcome(verify))
    }
    return outcomes
  },

  jws: ({ jose }, { text, key }) =>
    outcome(async () => base64(await jose.verifyJwsAsync(text, key))),

  jwe: ({ jose }, { text, key, shared }) =>
    outcome(() =>
      base64({
        payload: (shared ? jose.openDirect(text, fromBase64(shared)) : jose.openJwe(text, key))
          .plaintext,
      }),
    ),

  /** What the library seals, opens; what it signs, verifies. */
  roundTrip({ jose }, { curve }) {
    return outcome(() => {
      const text = 'plaintext'
      const key = jose.generateKey(curve, { kid: 'a' })
      const publicKey = jose.publicKey(key)
      if (key.use === 'sig') {
        const jws = jose.signJws(text, key, { typ: 't' })
        return base64(jose.verifyJws(jws, publicKey))
      }
      const jwe = jose.sealJwe(text, publicKey, { typ: 't', cty: 'c' })
      return base64({ payload: jose.openJwe(jwe, key).plaintext })
    })
  },

  thumbprint: ({ jose }, { key }) => outcome(() => jose.thumbprint(key)),
}

async function outcome(action) {
  try {
    return { given: await action() }
  } catch (error) {
    // Anything but a refusal is a defect, and is to show as one.
    return { refused: error?.name === 'LingpaiError' ? error.code : `${error}\n${error?.stack}` }
  }
}

function same(a, b) {
  return sorted(a) === sorted(b)
}

/** JSON with names in order: claims may come in any. */
function sorted(value) {
  return JSON.stringify(value, (_, it) =>
    it && typeof it === 'object' && !Array.isArray(it)
      ? Object.fromEntries(Object.entries(it).sort(([a], [b]) => (a < b ? -1 : 1)))
      : it,
  )
}

function base64({ payload }) {
  return btoa(String.fromCharCode(...payload))
}

function fromBase64(text) {
  const binary = atob(text.replaceAll('-', '+').replaceAll('_', '/'))
  return Uint8Array.from(binary, (character) => character.charCodeAt(0))
}

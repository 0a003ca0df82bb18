// Regional residency from the bindings: hosts and directory as classes, `/v1/users` as routes. Only where RESIDENCY is bound.

import { familyRevocation, subjectRevocation } from '@lingpai/edge'
import { createVerifier, type Client } from '@lingpai/edge/authority'
import {
  durableLedger,
  regionHosts,
  type RegionKeys,
  type RegionPlace,
} from '@lingpai/edge/durable'
import {
  createResidency,
  isLingpaiError,
  type Residency,
  type ResidencyRules,
} from '@lingpai/edge/residency'
import { bindingProblem, issuer, json, type Env } from './bindings'
import { gateOf, type Gate } from './gate'

/** RESIDENCY: the rules, where the platform is to keep each area, and whether a platform without jurisdictions will do. */
interface RegionConfiguration {
  rules: ResidencyRules
  places?: Record<string, RegionPlace>
  jurisdictions?: 'require' | 'ignore'
}

// The longest a session can live: refresh tokens of eight hours, and the visit token that the last of them gets.
const longestSessionSeconds = 8 * 3600 + 900 + 600

export const { RegionIdentityHost, RegionDataHost, RegionDirectory } = regionHosts((env: Env) => {
  const { rules, places, jurisdictions } = json<RegionConfiguration>(env, 'RESIDENCY')
  const ledger = durableLedger(env.VISIT_LEDGER)
  return {
    areas: rules.areas,
    keys: json<Record<string, RegionKeys>>(env, 'REGION_KEYS'),
    namespaces: namespaces(env),
    places,
    jurisdictions,
    ...(env.TOKEN_VAULT && { eraseVault: (id: string) => eraseValuesOf(id, env) }),
    async endSessions(id) {
      const now = Math.floor(Date.now() / 1000)
      await ledger.cutOff(id, { untilSeconds: now + longestSessionSeconds })
    },
  }
})

/** Identities are subjects of the clients that name them; the vault keeps the values of each client apart. */
async function eraseValuesOf(id: string, env: Env): Promise<number> {
  const vault = gateOf(env).vault()
  let values = 0
  for (const { clientId, subjects } of json<Client[]>(env, 'CLIENTS')) {
    if (subjects === 'identities') values += await vault.eraseSubject(clientId, id)
  }
  return values
}

const residencies = new WeakMap<Env, Residency>()

/** Answers `/v1/users` and what is below; `undefined` for everything else, and where there is no residency. */
export async function answerUsers(
  request: Request,
  env: Env,
  { authority }: Gate,
): Promise<Response | undefined> {
  const { pathname } = new URL(request.url)
  if (!env.RESIDENCY || !/^\/v1\/users(\/|$)/.test(pathname)) return undefined
  if (request.method === 'OPTIONS') return authority.preflight(request)
  return authority.allowPages(request, await residencyOf(env, authority).answer(request))
}

/** Whether an identity was erased, or is being erased. One that nobody registered was not. */
export async function isErased(id: string, env: Env): Promise<boolean> {
  try {
    const { state } = await residencyOf(env, gateOf(env).authority).status(id)
    return state === 'removing' || state === 'removed'
  } catch (error) {
    if (isLingpaiError(error) && error.code === 'identity_unknown') return false
    throw error
  }
}

function residencyOf(env: Env, authority: Gate['authority']): Residency {
  let residency = residencies.get(env)
  if (!residency) residencies.set(env, (residency = make(env, authority)))
  return residency
}

function make(env: Env, authority: Gate['authority']): Residency {
  const origin = issuer(env)
  const ledger = durableLedger(env.VISIT_LEDGER)
  const { rules, places, jurisdictions } = json<RegionConfiguration>(env, 'RESIDENCY')
  const verifier = createVerifier({
    issuer: origin,
    audience: `${origin}/api`,
    publicOrigin: origin,
    keys: `${origin}/.well-known/jwks.json`,
    fetch: async () => authority.jwks(),
    replay: ledger,
    revocation: [
      familyRevocation(ledger, { stalenessSeconds: 0 }),
      subjectRevocation(ledger, { stalenessSeconds: 0 }),
    ],
  })
  try {
    return createResidency({
      rules,
      places,
      jurisdictions,
      namespaces: namespaces(env),
      verifier,
      issuer: origin,
      signingKeys: json(env, 'SIGNING_KEYS'),
    })
  } catch (error) {
    // What is wrong with the rules may be said: they hold no secret.
    if (error instanceof TypeError)
      throw bindingProblem('RESIDENCY', `is malformed: ${error.message}`)
    throw error
  }
}

function namespaces({ REGION_IDENTITIES, REGION_DATA, REGION_DIRECTORY }: Env) {
  if (!REGION_IDENTITIES) throw bindingProblem('REGION_IDENTITIES', 'is missing')
  if (!REGION_DATA) throw bindingProblem('REGION_DATA', 'is missing')
  if (!REGION_DIRECTORY) throw bindingProblem('REGION_DIRECTORY', 'is missing')
  return { identities: REGION_IDENTITIES, data: REGION_DATA, directory: REGION_DIRECTORY }
}

// The certificate of an erasure: read, verified with the authority's published key, shown as a table.

import { element } from '../../common/dom'
import { language, say } from '../../common/language'
import { words } from './words'

interface Claims {
  sub_hash: string
  deleted: { area: string; kind: string; items: number; at: number }[]
}

/** Shows a certificate; `issuer` is where its key is published. */
export async function certificate(jws: string, issuer: string): Promise<HTMLElement> {
  const claims = JSON.parse(new TextDecoder().decode(bytes(jws.split('.')[1]!))) as Claims
  const head = ['where', 'kind', 'items', 'at'].map((name) =>
    element('th', { scope: 'col' }, say(words, `certificate.${name}`)),
  )
  const rows = claims.deleted.map(({ area, kind, items, at }) =>
    element(
      'tr',
      items > 0 ? { class: 'deleted' } : {},
      element('td', {}, say(words, `area.${area}`)),
      element('td', {}, say(words, `host.${kind}`)),
      element('td', {}, String(items)),
      element(
        'td',
        {},
        new Date(at * 1000).toLocaleTimeString(language() === 'zh' ? 'zh-CN' : 'en'),
      ),
    ),
  )
  const copy = element('button', { type: 'button' }, say(words, 'certificate.copy'))
  copy.addEventListener('click', async () => {
    await navigator.clipboard.writeText(jws)
    copy.textContent = say(words, 'certificate.copied')
  })
  const valid = await verified(jws, issuer)
  return element(
    'div',
    { class: 'paper' },
    element(
      'p',
      { class: valid ? 'valid' : 'unknown' },
      say(words, valid ? 'certificate.valid' : 'certificate.unknown'),
    ),
    element(
      'table',
      {},
      element('thead', {}, element('tr', {}, ...head)),
      element('tbody', {}, ...rows),
    ),
    element(
      'p',
      { class: 'subject' },
      element('span', {}, say(words, 'certificate.subject')),
      element('code', {}, claims.sub_hash),
    ),
    copy,
  )
}

/** Whether the key that the authority publishes has signed it. `false` also where the browser has no Ed25519. */
async function verified(jws: string, issuer: string): Promise<boolean> {
  const [header = '', payload = '', signature = ''] = jws.split('.')
  try {
    const response = await fetch(`${issuer}/.well-known/jwks.json`)
    const { keys } = (await response.json()) as { keys: (JsonWebKey & { kid: string })[] }
    const { kid } = JSON.parse(new TextDecoder().decode(bytes(header))) as { kid: string }
    const jwk = keys.find((key) => key.kid === kid)
    if (!jwk) return false
    const { kty, crv, x } = jwk as { kty: string; crv: string; x: string }
    const key = await crypto.subtle.importKey('jwk', { kty, crv, x }, 'Ed25519', false, ['verify'])
    const input = new TextEncoder().encode(`${header}.${payload}`)
    return await crypto.subtle.verify('Ed25519', key, bytes(signature), input)
  } catch {
    return false
  }
}

function bytes(base64url: string): Uint8Array<ArrayBuffer> {
  const text = atob(base64url.replaceAll('-', '+').replaceAll('_', '/'))
  return Uint8Array.from(text, (character) => character.charCodeAt(0))
}

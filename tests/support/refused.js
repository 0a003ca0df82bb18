// Asserting a refusal by its exact code.
import assert from 'node:assert/strict'

/** The call must throw or reject with a LingpaiError of exactly this code, which holds nothing of the tokens given. */
export async function refusedWith(code, call, secrets = []) {
  const error = await Promise.resolve()
    .then(call)
    .then(
      (value) => assert.fail(`accepted, where ${code} was expected: ${JSON.stringify(value)}`),
      (error) => error,
    )
  if (error.name !== 'LingpaiError') throw error
  assert.equal(error.code, code)
  for (const text of secrets) {
    assert.ok(
      !`${error.message}${error.stack}${JSON.stringify(error)}`.includes(text),
      'token in an error',
    )
  }
}

/** A sealed refusal of the authority: the protocol's code and status, the reason, and its clock. */
export function assertRefusal(response, { status, error, code }) {
  const { content } = response
  assert.ok(content, `not sealed: ${response.status} ${response.body}`)
  assert.deepEqual(
    { status: response.status, error: content.error, code: content.error_description },
    { status, error, code },
  )
  assert.equal(content.status, status)
  assert.equal(typeof content.now, 'number')
  assert.equal(response.headers.get('cache-control'), 'no-store')
}

/** The refusal of a request that could not be read: nothing in it helps an attacker. */
export function assertUnreadable(response, error = 'invalid_request') {
  assert.equal(response.status, 400, response.body)
  assert.equal(response.headers.get('content-type'), 'application/problem+json')
  const { type: _, title: __, ...document } = JSON.parse(response.body)
  assert.deepEqual(document, { error, status: 400 })
}

/** A refusal by a protected endpoint: status, problem document, challenge. */
export function assertChallenge(
  response,
  { status = 401, error = 'invalid_token', code, scheme = 'DPoP' },
) {
  assert.equal(response.status, status, response.body)
  assert.equal(response.headers.get('content-type'), 'application/problem+json')
  const document = JSON.parse(response.body)
  assert.deepEqual([document.error, document.error_description], [error, code])
  const challenge = response.headers.get('www-authenticate')
  assert.match(challenge, new RegExp(`^${scheme} `))
  assert.ok(challenge.includes(`error="${error}"`), challenge)
}

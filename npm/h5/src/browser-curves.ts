// Whether the browser has Curve25519: the module that a page loads depends on it.
import { agreeWith, verify } from './browser-crypto.js'

// RFC 8037, appendix A: a key, a text that is signed by it, and a key to agree with.
const signer = '{"kty":"OKP","crv":"Ed25519","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}'
const signed =
  'eyJhbGciOiJFZERTQSJ9.RXhhbXBsZSBvZiBFZDI1NTE5IHNpZ25pbmc.' +
  'hgyY0il_MGCjP0JzlnLWG1PPOt7-09PGcvMg3AIbQR6dWbhijcNR4ki4iylGjg5BhVsPt9g7sVvpAr_MuM0KAg'
const receiver = '{"kty":"OKP","crv":"X25519","x":"3p7bfXt9wbTTW2HC7OQ1Nz-DQ8hbeGdNrfx-FG-IK08"}'

/** Whether it verifies and agrees as a visit will ask it to, tried out. */
export async function hasCurve25519(): Promise<boolean> {
  try {
    const [holds] = await Promise.all([verify(signer, signed), agreeWith(receiver)])
    return holds
  } catch {
    return false
  }
}

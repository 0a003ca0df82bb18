// Compiles only if the middleware's types say what Hono's users expect of them.
import { Hono } from 'hono'
import { createVerifier, type Verified } from '@lingpai/edge'
import { lingpai, type LingpaiEnv } from '@lingpai/edge/hono'

const options = {
  issuer: 'https://gate.example',
  audience: 'https://api.example',
  keys: { keys: [] },
}

// In a chain, the routes behind the middleware know what it sets.
new Hono()
  .get('/before', (c) => {
    // @ts-expect-error nothing has been verified here
    const unverified: Verified = c.get('verified')
    return c.json(unverified)
  })
  .use('/api/*', lingpai(createVerifier(options)))
  .get('/api/me', (c) => {
    const verified: Verified = c.get('verified')
    const subject: string | undefined = c.var.verified.claims.sub
    return c.json({ subject, token: verified.token })
  })

// On a route, only its own handler knows.
new Hono().get('/orders', lingpai(createVerifier(options)), (c) => c.text(c.get('verified').token))

// Apps that are not written as a chain say it beforehand, beside what is theirs.
interface Env extends LingpaiEnv {
  Bindings: { AUDIENCE: string }
  Variables: LingpaiEnv['Variables'] & { locale: string }
}
const app = new Hono<Env>()
app.use(
  '*',
  lingpai<Env>(({ AUDIENCE }) => createVerifier({ ...options, audience: AUDIENCE })),
)
app.get('/', (c) => c.text(c.get('verified').claims.iss + c.get('locale') + c.env.AUDIENCE))

// @ts-expect-error a verifier, not its options
lingpai(options)

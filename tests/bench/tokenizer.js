// How long a durable token takes in Chromium while the vault is away, a thousand in one commit, and what is left to do when the
// vault is back, as a Markdown table. `--check` makes a bar that is not met the exit status.
import { startChromium } from '../tokenizer/support/chromium.js'
import { startWorld } from '../tokenizer/support/world.js'
import { until } from '../support/until.js'

/** In ms. */
const p99Bar = 50
const singles = 1_000
const warmUps = 20

const lines = ['| in Chromium | ms | bar | |', '|---|--:|---|---|']
const row = (what, ms, bar = '–', met = '') =>
  lines.push(`| ${[what, ms.toFixed(ms < 100 ? 1 : 0), bar, met].join(' | ')} |`)

const world = await startWorld({ fields: { phone: { pool: 0, max: 20_000 } } })
const browser = await startChromium()
try {
  const page = await browser.open(await world.pageUrl())
  await until('the tokenizer to open', () => page.evaluate(() => state.status === 'open'))
  world.fail('refuses')
  const single = await page.evaluate(
    async ({ singles, warmUps }) => {
      const value = (at) => `+86136${10_000_000 + at}`
      for (let at = 0; at < warmUps; at++) {
        await state.tokenizer.tokenize(value(at), { field: 'phone' })
      }
      const times = []
      for (let at = warmUps; at < warmUps + singles; at++) {
        const start = performance.now()
        await state.tokenizer.tokenize(value(at), { field: 'phone' })
        times.push(performance.now() - start)
      }
      return times.sort((a, b) => a - b)
    },
    { singles, warmUps },
  )
  const many = await page.evaluate(async () => {
    const values = Array.from({ length: 1000 }, (_, at) => `+86135${10_000_000 + at}`)
    const start = performance.now()
    await state.tokenizer.tokenizeMany(values, { field: 'phone' })
    return performance.now() - start
  })
  const at = (share) => single[Math.floor(single.length * share)]
  const p99 = at(0.99)
  const met = p99 <= p99Bar
  row('a durable token, vault away, p50', at(0.5))
  row('a durable token, vault away, p99', p99, `≤ ${p99Bar}`, met ? 'met' : '**missed**')
  row('a durable token, vault away, the slowest', single.at(-1))
  row('1,000 values in one commit (`tokenizeMany`)', many)
  if (process.argv.includes('--check') && !met) process.exitCode = 1
  world.fail(undefined)
  const start = performance.now()
  await until(
    'all to be done',
    () => page.evaluate(async () => (await state.tokenizer.flush()).pending === 0),
    { timeoutMs: 120_000 },
  )
  row(`${warmUps + singles + 1_000} operations reconciled`, performance.now() - start)
  console.log(lines.join('\n'))
} finally {
  await browser.close()
  await world.stop()
}

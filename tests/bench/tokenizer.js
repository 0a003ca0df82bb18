// How long a durable token takes in Chromium while the vault is away, and a thousand in one commit. `node bench/tokenizer.js`.
import { startChromium } from '../tokenizer/support/chromium.js'
import { startWorld } from '../tokenizer/support/world.js'
import { until } from '../support/until.js'

const world = await startWorld({ fields: { phone: { pool: 0, max: 20_000 } } })
const browser = await startChromium()
try {
  const page = await browser.open(await world.pageUrl())
  await until('the tokenizer to open', () => page.evaluate(() => state.status === 'open'))
  world.fail('refuses')
  const single = await page.evaluate(async () => {
    const value = (at) => `+86136${10_000_000 + at}`
    for (let at = 0; at < 20; at++) await state.tokenizer.tokenize(value(at), { field: 'phone' })
    const times = []
    for (let at = 20; at < 1020; at++) {
      const start = performance.now()
      await state.tokenizer.tokenize(value(at), { field: 'phone' })
      times.push(performance.now() - start)
    }
    return times.sort((a, b) => a - b)
  })
  const many = await page.evaluate(async () => {
    const values = Array.from({ length: 1000 }, (_, at) => `+86135${10_000_000 + at}`)
    const start = performance.now()
    await state.tokenizer.tokenizeMany(values, { field: 'phone' })
    return performance.now() - start
  })
  const at = (share) => single[Math.floor(single.length * share)].toFixed(1)
  console.log(
    `a durable token, vault away: p50 ${at(0.5)} ms, p99 ${at(0.99)} ms, max ${single.at(-1).toFixed(1)} ms`,
  )
  console.log(`tokenizeMany of 1000 values, one commit: ${many.toFixed(0)} ms`)
  world.fail(undefined)
  const start = performance.now()
  await until(
    'all to be done',
    () => page.evaluate(async () => (await state.tokenizer.flush()).pending === 0),
    { timeoutMs: 120_000 },
  )
  console.log(`2020 operations reconciled in ${((performance.now() - start) / 1000).toFixed(1)} s`)
} finally {
  await browser.close()
  await world.stop()
}

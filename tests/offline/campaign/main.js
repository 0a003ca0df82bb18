// The campaign by hand: many more schedules, or one seed again.
//
//   npm run offline:campaign --workspace tests -- --browser firefox --schedules 10000
//   npm run offline:campaign --workspace tests -- --browser chromium --seed 17 --schedules 1 --verbose
import { parseArgs } from 'node:util'

import { startCampaign } from './run.js'

const { values } = parseArgs({
  options: {
    browser: { type: 'string', default: 'chromium' },
    seed: { type: 'string', default: '1' },
    schedules: { type: 'string', default: '200' },
    subject: { type: 'string', default: 'lingpai' },
    'every-kill': { type: 'string', default: '6' },
    verbose: { type: 'boolean', default: false },
  },
})
const [first, count] = [Number(values.seed), Number(values.schedules)]
const campaign = await startCampaign(values.browser, { subject: values.subject })
let failed = 0
let acknowledged = 0
const startedMs = performance.now()
for (let seed = first; seed < first + count; seed++) {
  const { schedule, violations, history } = await campaign.run(seed, {
    everyKill: Number(values['every-kill']),
  })
  acknowledged += history.filter(({ answered }) => answered?.status === 'kept').length
  if (values.verbose) {
    for (const step of schedule.steps) console.log(JSON.stringify(step))
    for (const event of history) console.log(JSON.stringify(event))
  }
  if (violations.length === 0) continue
  failed += 1
  console.log(`seed ${seed}:\n  ${violations.join('\n  ')}`)
}
const seconds = Math.round((performance.now() - startedMs) / 1000)
console.log(
  `${campaign.version()}: ${count} schedules, ${acknowledged} acknowledged writes, ${failed} schedules with violations, ${campaign.brokenOff.length} runs broke off, ${campaign.failedFaults.length} faults did not come about, ${seconds} s`,
)
for (const line of [...campaign.brokenOff, ...campaign.failedFaults]) console.log(line)
await campaign.close()
process.exitCode = failed > 0 ? 1 : 0

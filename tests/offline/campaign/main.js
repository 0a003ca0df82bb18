// The campaign by hand: many more schedules, or one seed again.
//
//   npm run offline:campaign --workspace tests -- --browser firefox --schedules 10000
//   npm run offline:campaign --workspace tests -- --browser chromium --seed 17 --schedules 1 --verbose
import { parseArgs } from 'node:util'

import { runSchedules } from './lanes.js'
import { startCampaign } from './run.js'

const { values } = parseArgs({
  options: {
    browser: { type: 'string', default: 'chromium' },
    seed: { type: 'string', default: '1' },
    schedules: { type: 'string', default: '200' },
    subject: { type: 'string', default: 'lingpai' },
    'every-kill': { type: 'string', default: '6' },
    lanes: { type: 'string', default: '1' },
    verbose: { type: 'boolean', default: false },
  },
})
const [first, count, lanes] = [values.seed, values.schedules, values.lanes].map(Number)
const start = () => startCampaign(values.browser, { subject: values.subject })
const campaigns = await Promise.all(Array.from({ length: lanes }, start))
const acknowledged = {}
let failed = 0
let missed = 0
const startedMs = performance.now()
const everyKill = Number(values['every-kill'])
await runSchedules(campaigns, { first, count, everyKill }, (seed, result) => {
  const { schedule, violations, misses, history } = result
  for (const { answered } of history) {
    if (answered?.status !== 'kept') continue
    acknowledged[answered.durability] = (acknowledged[answered.durability] ?? 0) + 1
  }
  if (values.verbose || violations.length + misses.length > 0) {
    for (const step of schedule.steps) console.log(JSON.stringify(step))
    for (const event of history) console.log(JSON.stringify(event))
  }
  missed += misses.length
  for (const miss of misses) console.log(`seed ${seed}: no promise broken: ${miss}`)
  if (violations.length === 0) return
  failed += 1
  console.log(`seed ${seed}:\n  ${violations.join('\n  ')}`)
})
const seconds = Math.round((performance.now() - startedMs) / 1000)
const brokenOff = campaigns.flatMap((campaign) => campaign.brokenOff)
const failedFaults = campaigns.flatMap((campaign) => campaign.failedFaults)
console.log(
  `${campaigns[0].version()}: ${count} schedules, acknowledged ${JSON.stringify(acknowledged)}, ${failed} schedules with violations, ${missed} best_effort rows missed, ${brokenOff.length} runs broke off, ${failedFaults.length} faults did not come about, ${seconds} s`,
)
for (const line of [...brokenOff, ...failedFaults]) console.log(line)
await Promise.all(campaigns.map((campaign) => campaign.close()))
process.exitCode = failed > 0 ? 1 : 0

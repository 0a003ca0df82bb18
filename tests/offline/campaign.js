// The campaign inside a test run: every schedule of a fixed range of seeds; what was acknowledged is there, what is lost was
// told, nobody waits for ever.
import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'

import { runSchedules } from './campaign/lanes.js'
import { startCampaign } from './campaign/run.js'

const asked = process.env.LINGPAI_SCHEDULES
const first = Number(process.env.LINGPAI_SEED ?? 1)

/**
 * `everyKill`: one schedule of so many kills the browser, which takes long to start again. `lanes`: browsers side by side. `schedules`:
 * so many, unless LINGPAI_SCHEDULES says otherwise.
 */
export function campaignIn(browserName, { everyKill, lanes, schedules = 200 }) {
  const count = Number(asked ?? schedules)
  if (count === 0) return
  describe(`a campaign in ${browserName}`, { timeout: 30 * 60_000 }, () => {
    let campaigns

    before(async () => {
      campaigns = await Promise.all(Array.from({ length: lanes }, () => startCampaign(browserName)))
    })
    after(() => Promise.all((campaigns ?? []).map((campaign) => campaign.close())))

    test(`${count} schedules from seed ${first}: nothing that was acknowledged is lost`, async () => {
      const durabilities = {}
      const failures = []
      const misses = []
      const faults = {}
      await runSchedules(campaigns, { first, count, everyKill }, (seed, result) => {
        for (const { answered } of result.history) {
          if (answered?.status !== 'kept') continue
          durabilities[answered.durability] = (durabilities[answered.durability] ?? 0) + 1
        }
        for (const { fault, failed } of result.history) {
          // Said of each before and after; only then it is known.
          if (failed === undefined) continue
          faults[fault] ??= { asked: 0, came: 0 }
          faults[fault].asked += 1
          faults[fault].came += Number(!failed)
        }
        const replay = `npm run offline:campaign --workspace tests -- --browser ${browserName} --seed ${seed} --every-kill ${everyKill} --schedules 1 --verbose`
        for (const miss of result.misses) misses.push(`seed ${seed}: ${miss}`)
        if (result.violations.length > 0)
          failures.push(`${result.violations.join('\n')}\n${replay}`)
        // The same seed may go well the next time: what happened in this run is the only trace.
        if (result.violations.length + result.misses.length > 0)
          console.log(`# ${seed}: ${JSON.stringify(result.history)}`)
      })
      const brokenOff = campaigns.flatMap((campaign) => campaign.brokenOff)
      const failedFaults = campaigns.flatMap((campaign) => campaign.failedFaults)
      console.log(
        `# ${browserName}: ${count} schedules, acknowledged ${JSON.stringify(durabilities)}, ${brokenOff.length} runs broke off, ${failedFaults.length} faults did not come about, of ${JSON.stringify(faults)}`,
      )
      for (const line of [...brokenOff, ...failedFaults, ...misses]) console.log(`# ${line}`)
      assert.deepEqual(failures, [])
      assert.ok(brokenOff.length * 20 <= count, `more than 5 % broke off:\n${brokenOff.join('\n')}`)
      for (const [fault, { asked, came }] of Object.entries(faults)) {
        // One fault may undo what another one is made of; a kind of which most do not come about is not tested.
        if (asked >= 5) assert.ok(came * 2 >= asked, `${fault}: ${came} of ${asked} came about`)
      }
      assert.ok(durabilities.strict > count, 'the schedules wrote something')
      const { best_effort: efforts = 0 } = durabilities
      assert.ok(misses.length * 20 <= efforts + 20, `of ${efforts}:\n${misses.join('\n')}`)
    })

    test('the same schedules find what is wrong with a store that acknowledges too early', async () => {
      const control = await startCampaign(browserName, { subject: 'hasty' })
      try {
        // Those with a kill first: it shows best what was acknowledged too early.
        const seeds = Array.from({ length: 60 }, (_, nth) => nth + 1)
        seeds.sort((one, other) => (one % everyKill) - (other % everyKill))
        for (const seed of seeds) {
          const { violations } = await control.run(seed, { everyKill })
          if (violations.some((text) => /is gone|not in the log|never answered/.test(text))) return
        }
        assert.fail('60 schedules found nothing')
      } finally {
        await control.close()
      }
    })
  })
}

// The campaign inside a test run: every schedule of a fixed range of seeds; what was acknowledged is there, what is lost was
// told, nobody waits for ever.
import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'

import { startCampaign } from './campaign/run.js'

// Only where it is asked for: what one run draws, another browser's timing does not repeat, and not every seed passes yet.
const count = Number(process.env.LINGPAI_SCHEDULES ?? 0)
const first = Number(process.env.LINGPAI_SEED ?? 1)

/** `everyKill`: one schedule of so many kills the browser, which takes long to start again. */
export function campaignIn(browserName, { everyKill }) {
  if (count === 0) return
  describe(`a campaign in ${browserName}`, { timeout: 30 * 60_000 }, () => {
    let campaign

    before(async () => (campaign = await startCampaign(browserName)))
    after(() => campaign?.close())

    test(`${count} schedules from seed ${first}: nothing that was acknowledged is lost`, async () => {
      let acknowledged = 0
      const failures = []
      for (let seed = first; seed < first + count; seed++) {
        const { violations, history } = await campaign.run(seed, { everyKill })
        acknowledged += history.filter(({ answered }) => answered?.status === 'kept').length
        if (violations.length === 0) continue
        const replay = `npm run offline:campaign --workspace tests -- --browser ${browserName} --seed ${seed} --every-kill ${everyKill} --schedules 1 --verbose`
        failures.push(`${violations.join('\n')}\n${replay}`)
        // The same seed may go well the next time: what happened in this run is the only trace.
        for (const event of history) console.log(`# ${JSON.stringify(event)}`)
      }
      const { brokenOff, failedFaults } = campaign
      console.log(
        `# ${browserName}: ${count} schedules, ${acknowledged} acknowledged writes, ${brokenOff.length} runs broke off, ${failedFaults.length} faults did not come about`,
      )
      for (const line of [...brokenOff, ...failedFaults]) console.log(`# ${line}`)
      assert.deepEqual(failures, [])
      assert.ok(brokenOff.length * 20 <= count, `more than 5 % broke off:\n${brokenOff.join('\n')}`)
      assert.ok(acknowledged > count, 'the schedules wrote something')
    })

    test('the same schedules find what is wrong with a store that acknowledges too early', async () => {
      const control = await startCampaign(browserName, { subject: 'hasty' })
      try {
        for (let seed = 1; seed <= 60; seed++) {
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

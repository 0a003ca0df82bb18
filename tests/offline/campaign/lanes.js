// Schedules side by side: each lane is a browser of its own, since quotas, frozen processes and kills are the whole browser's.

/** Runs `count` schedules from seed `first` on; `told` hears of each as it ends, in no order. */
export async function runSchedules(campaigns, { first, count, everyKill }, told) {
  let next = first
  const lane = async (campaign) => {
    while (next < first + count) {
      const seed = next++
      told(seed, await campaign.run(seed, { everyKill }))
    }
  }
  await Promise.all(campaigns.map(lane))
}

// Starts the Worker whose stores fail on demand.
import { fileURLToPath } from 'node:url'

import { post } from '../../support/deployment.js'
import { bundleWorker } from '../../support/workerd_server.js'
import { startVault } from './world.js'

/** As `startVault`, and `ask(target, method, ...parameters)`: of the vault itself, or of `['shard', tenant, number]`. */
export async function startFaulty(options) {
  const path = fileURLToPath(new URL('faulty_worker.js', import.meta.url))
  const bundle = await bundleWorker(path, 'index.js')
  const world = await startVault({ ...options, bundle: bundle.directory })
  return {
    ...world,
    async ask(target, method, ...parameters) {
      const body = JSON.stringify([target, method, ...parameters])
      const { result, error } = JSON.parse((await post(`${world.issuer}/test`, { body })).body)
      if (error !== undefined) throw new Error(error)
      return result
    },
    async stop() {
      await world.stop()
      bundle.remove()
    },
  }
}

// One step of a plan as calls to the hosts that it concerns. Each may be made again, and by two at once.
import type { ErrorCode } from '../../codes.js'
import type { Deletion, Verdict } from './fence.js'
import type { RegionObjects } from './objects.js'
import type { RegionSettings } from './settings.js'

/** A step of a plan, as the core names it. */
export type Task = { epoch: number; number: number } & (
  | { step: 'copy_identity' | 'copy_data'; from: string; to: string }
  | { step: 'commit' | 'revoke' | 'erase_vault' }
  | {
      step:
        | 'freeze_identity'
        | 'freeze_data'
        | 'activate_identity'
        | 'activate_data'
        | 'delete_data'
        | 'delete_pinned'
        | 'delete_identity'
      area: string
    }
)

/** What came of a step: `done`, `failed`, or the code with which a host refused for good. */
export type StepOutcome = { outcome: 'done' | 'failed' | ErrorCode } & Partial<Deletion>

const stepMs = 10_000

/** Carries out a step. Rejects where somebody could not be asked. */
export async function carryOut(
  task: Task,
  id: string,
  objects: RegionObjects,
  settings: RegionSettings,
): Promise<StepOutcome> {
  let timer: ReturnType<typeof setTimeout> | undefined
  const tooLong = new Promise<StepOutcome>((resolve) => {
    timer = setTimeout(() => resolve({ outcome: 'failed' }), stepMs)
  })
  try {
    return await Promise.race([calls(task, id, objects, settings), tooLong])
  } finally {
    clearTimeout(timer)
  }
}

async function calls(
  task: Task,
  id: string,
  objects: RegionObjects,
  { endSessions, eraseVault }: RegionSettings,
): Promise<StepOutcome> {
  const { epoch } = task
  const data = (area: string, pinned = false) => objects.data(area, pinned, id)
  switch (task.step) {
    case 'freeze_identity':
      return outcomeOf(await objects.identity(task.area).freeze(task.area, id, epoch))
    case 'freeze_data':
      return outcomeOf(await data(task.area).freeze(task.area, id, epoch))
    case 'copy_identity': {
      const { from, to } = task
      const copy = await objects.identity(from).copyFor(from, id, epoch, to)
      if (!copy.identifier) return { outcome: 'failed' }
      return outcomeOf(
        await objects.identity(to).stage(to, id, epoch, copy.identifier, copy.recent),
      )
    }
    case 'copy_data': {
      const { from, to } = task
      const copy = await data(from).copyFor(from, id, epoch, to)
      if (!copy.items) return { outcome: 'failed' }
      return outcomeOf(await data(to).stage(to, id, epoch, copy.items, copy.recent))
    }
    case 'activate_identity':
      return outcomeOf(await objects.identity(task.area).activate(task.area, id, epoch))
    case 'activate_data':
      return outcomeOf(await data(task.area).activate(task.area, id, epoch))
    case 'delete_data':
      return outcomeOf(await data(task.area).remove(task.area, id, epoch))
    case 'delete_pinned':
      return outcomeOf(await data(task.area, true).remove(task.area, id, epoch))
    case 'delete_identity':
      return outcomeOf(await objects.identity(task.area).remove(task.area, id, epoch))
    case 'revoke':
      await endSessions(id)
      return { outcome: 'done' }
    case 'erase_vault': {
      if (!eraseVault) return { outcome: 'done' }
      const items = await eraseVault(id)
      return { outcome: 'done', items, at: Math.floor(Date.now() / 1000) }
    }
    case 'commit':
      return { outcome: 'done' }
  }
}

function outcomeOf(answer: {
  verdict?: Verdict
  taken?: string
  deletion?: Deletion
}): StepOutcome {
  if (answer.taken !== undefined) return { outcome: 'already_registered' }
  if (answer.verdict !== 'granted') return { outcome: 'failed' }
  return { outcome: 'done', ...answer.deletion }
}

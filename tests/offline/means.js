// What a browser can be put through by its driver. Where it cannot, the failure may exist and is not produced here.
import { test } from 'node:test'

const all = { quota: true, kill: true, crash: true, files: true }

export const means = {
  chromium: all,
  firefox: all,
  // Under its driver WebKitGTK keeps nothing beyond the session, has no setting for quotas, and ends the session, all its windows with
  // it, as soon as any of its processes dies.
  webkit: { quota: false, kill: false, crash: false, files: false },
}

/** `test`, where what it needs can be brought about; elsewhere there is no such test. */
export const testWhere = (possible) => (possible ? test : () => {})

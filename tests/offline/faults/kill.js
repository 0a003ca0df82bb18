// Ends that nobody announces.
import { contentProcess } from './content_process.js'

/** The whole browser ends at the next such moment of a write: `issued`, `request`, `complete` or `ack`. */
export function killAt(lab, browser, moment) {
  return lab.once(moment, () => browser.kill())
}

/** Finds a page's process and gives a function that ends it. */
export async function crashing(browser, page) {
  const pid = await contentProcess(browser, page)
  return () => process.kill(pid, 'SIGKILL')
}

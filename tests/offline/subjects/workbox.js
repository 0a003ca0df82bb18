// workbox-background-sync's queue of requests. It can only be filled and emptied: a row is an entry, and to have one is to
// take it.
import { QueueStore } from 'workbox-background-sync/QueueStore.js'

let queue

globalThis.subject = {
  title: 'workbox-background-sync',
  databases: ['workbox-background-sync'],
  reports: [],
  async open() {
    queue = new QueueStore('lab')
    await queue.size()
  },
  async put(key, value) {
    await queue.pushEntry({ requestData: { url: key, body: value }, timestamp: Date.now() })
  },
  async get(key) {
    const entries = await queue.getAll()
    return entries.find(({ requestData }) => requestData.url === key)?.requestData.body
  },
  async take() {
    const entry = await queue.shiftEntry()
    return entry?.requestData.url
  },
}

// A page that opens stores for the test.
import { openStore } from '@lingpai/h5/store'

globalThis.events = []
globalThis.openStore = (options) =>
  openStore({ onEvent: (event) => events.push(event), ...options }).then(
    (store) => void (globalThis.store = store),
  )

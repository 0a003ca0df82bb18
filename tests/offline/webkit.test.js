// The store's failures in WebKitGTK, as far as they exist there and its driver can bring them about.
import { clocksIn } from './clocks.js'
import { failuresIn } from './failures.js'
import { hungIn } from './hung.js'
import { intrudersIn } from './intruders.js'
import { rivalsIn } from './rivals.js'
import { servicesIn } from './services.js'
import { trapsIn, visitTrapsIn } from './traps.js'

const noQuota = 'the driver has no setting for the room of an origin'
const noProfile =
  'under its driver the browser keeps nothing beyond the session: no profile to start again on'
const endsSession =
  'the driver ends the whole session with any of the browser’s processes, and nobody can look afterwards'

// Each failure of the list in cache research, in its order: where it runs, or why it cannot.
const failures = [
  ['no room at the commit', { cannot: noQuota }],
  ['no room at the request', { cannot: noQuota }],
  ['the browser is killed', { cannot: noProfile }],
  ['a page’s process ends in a transaction', { cannot: endsSession }],
  ['the page is left', { runs: 'failures.js' }],
  ['an open that hangs', { runs: 'failures.js' }],
  ['a polite holder that is frozen', { runs: 'failures.js' }],
  ['the connection is lost', { runs: 'failures.js, by its error texts', partly: endsSession }],
  ['the database’s files are gone', { cannot: noProfile }],
  ['the database’s files are damaged', { cannot: noProfile }],
  ['eviction', { runs: 'failures.js' }],
  ['storage is denied', { runs: 'failures.js, in a frame without an origin' }],
  ['localStorage is null', { cannot: 'the driver has no setting for it' }],
  ['plain http', { cannot: 'every name that reaches the tests is one that the browser trusts' }],
  ['a private window', { runs: 'everything here: the session is one' }],
  ['CryptoKeys cannot be stored', { runs: 'failures.js' }],
  ['two want to lead', { runs: 'rivals.js' }],
  ['a leader that is frozen', { runs: 'rivals.js' }],
  ['a queue that two empty', { runs: 'rivals.js' }],
  ['clocks', { runs: 'clocks.js' }],
  ['a service that fails', { runs: 'services.js' }],
  ['the back-forward cache', { runs: 'rivals.js' }],
  ['mixed versions', { runs: 'intruders.js' }],
  ['changed rows', { runs: 'intruders.js' }],
  ['traps', { runs: 'traps.js' }],
]

for (const [name, { cannot }] of failures)
  if (cannot) console.log(`# webkit: not here: ${name}: ${cannot}`)

failuresIn('webkit')
rivalsIn('webkit')
intrudersIn('webkit')
clocksIn('webkit')
servicesIn('webkit')
trapsIn('webkit')
visitTrapsIn('webkit')
hungIn('webkit')

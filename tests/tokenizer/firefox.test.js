import { faultsIn } from './faults.js'
import { startFirefox } from './support/firefox.js'

faultsIn('Firefox', startFirefox)

import { faultsIn } from './faults.js'
import { startChromium } from './support/chromium.js'

faultsIn('Chromium', startChromium)

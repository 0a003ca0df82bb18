import { mishapsIn } from './mishaps.js'
import { visitsIn } from './visits.js'

visitsIn('chromium')
mishapsIn('chromium')

import { curvesIn } from './curves.js'
import { mishapsIn } from './mishaps.js'
import { p256In } from './p256.js'
import { persistentIn } from './persistent.js'
import { visitsIn } from './visits.js'

visitsIn('chromium')
mishapsIn('chromium')
p256In('chromium')
persistentIn('chromium')
curvesIn('chromium')

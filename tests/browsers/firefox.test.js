import { curvesIn } from './curves.js'
import { mishapsIn } from './mishaps.js'
import { p256In } from './p256.js'
import { persistentIn } from './persistent.js'
import { visitsIn } from './visits.js'

visitsIn('firefox')
mishapsIn('firefox')
p256In('firefox')
persistentIn('firefox')
curvesIn('firefox')

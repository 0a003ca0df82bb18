import { curvesIn } from './curves.js'
import { mishapsIn } from './mishaps.js'
import { p256In } from './p256.js'
import { persistentIn } from './persistent.js'
import { visitsIn } from './visits.js'

visitsIn('webkit')
mishapsIn('webkit')
p256In('webkit')
persistentIn('webkit')
curvesIn('webkit')

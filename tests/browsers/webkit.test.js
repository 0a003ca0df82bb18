import { mishapsIn } from './mishaps.js'
import { visitsIn } from './visits.js'

visitsIn('webkit')
mishapsIn('webkit')

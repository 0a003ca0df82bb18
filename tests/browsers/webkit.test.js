import { visitsIn } from './visits.js'

visitsIn('webkit')

import { visitsIn } from './visits.js'

visitsIn('firefox')

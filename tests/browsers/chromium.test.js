import { visitsIn } from './visits.js'

visitsIn('chromium')

import { producersIn } from './producers.js'

producersIn('firefox')

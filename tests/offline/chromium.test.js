import { producersIn } from './producers.js'

producersIn('chromium')

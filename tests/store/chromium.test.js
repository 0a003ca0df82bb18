import { tiersIn } from './tiers.js'

tiersIn('chromium')

import { tiersIn } from './tiers.js'

tiersIn('firefox')

import { tiersIn } from './tiers.js'

tiersIn('webkit')

import { campaignIn } from './campaign.js'
import { failuresIn } from './failures.js'
import { intrudersIn } from './intruders.js'
import { producersIn } from './producers.js'
import { rivalsIn } from './rivals.js'

producersIn('firefox')
failuresIn('firefox')
rivalsIn('firefox')
intrudersIn('firefox')
campaignIn('firefox', { everyKill: 10 })

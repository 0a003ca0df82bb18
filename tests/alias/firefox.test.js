import { aliasesIn } from './pages.js'

aliasesIn('firefox')

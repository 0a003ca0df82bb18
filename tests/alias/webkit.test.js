import { aliasesIn } from './pages.js'

aliasesIn('webkit')

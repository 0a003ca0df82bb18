import { aliasesIn } from './pages.js'

aliasesIn('chromium')

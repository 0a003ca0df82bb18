// What an open visit lends to other parts of this package: its keys, its clock, its way to the network. A part that gets the
// visit alone can reach nothing of it; and no other code can, since nothing here is exported from the package.
import type { Page } from './page.js'

const pages = /* @__PURE__ */ new WeakMap<object, Page>()

/** Notes whose page a visit is. */
export function lend(visit: object, page: Page): void {
  pages.set(visit, page)
}

/** The page of a visit that `openVisit` made. */
export function borrow(visit: object): Page | undefined {
  return pages.get(visit)
}

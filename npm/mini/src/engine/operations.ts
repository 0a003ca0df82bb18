// The module's operations by number: those of `crates/mini/src/operations.rs` and beside it.

/** Their fields are said there. An enumeration, so that numbers are all that is shipped. */
export const enum operations {
  sha256 = 1,
  hmac = 2,
  derive = 3,
  seal = 4,
  open = 5,
  encode = 6,
  decode = 7,
  seed = 8,
  random = 9,
  resendAfter = 10,
  refreshAt = 11,
  readAnswer = 12,
  isCode = 13,
  newKey = 20,
  useKey = 21,
  prove = 22,
  readVerifiedAnswer = 30,
  takeAccessToken = 31,
  sealVisit = 32,
  sealRefresh = 33,
  openAnswer = 34,
  verify = 35,
}

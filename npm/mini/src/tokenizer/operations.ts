// The operations of the tokenizer's module by number: those of `crates/mini/src/tokenizer`, where their fields are said.

/** Their fields are said there. An enumeration, so that numbers are all that is shipped. */
export const enum operations {
  sha256 = 1,
  encode = 6,
  isCode = 13,
  verify = 40,
  message = 41,
  degrade = 42,
  readAnswer = 43,
  account = 44,
  adopt = 45,
  refill = 46,
  stock = 47,
  forgetPolicies = 48,
  gate = 49,
  record = 50,
  takeFence = 51,
  next = 52,
  settle = 53,
  bury = 54,
  writeOff = 55,
  buryUnreadable = 56,
}

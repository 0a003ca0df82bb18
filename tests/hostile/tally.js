// What each library makes of the cases.

/**
 * Runs all cases of a set: { cases, right, falseAccepts, falseRefusals, notSupported }, the last three as lists of
 * cases. A case that a library does not support has to be refused; accepting it where it is invalid is a false accept.
 */
export async function tally(library, cases) {
  const result = { cases: 0, right: 0, falseAccepts: [], falseRefusals: [], notSupported: [] }
  for (const one of cases) {
    if (one.disputed) continue
    result.cases += 1
    const accepted = await accepts(library, one)
    const supported = library.supports(one)
    if (accepted && !one.valid) result.falseAccepts.push(one)
    else if (accepted) result.right += 1
    else if (!supported) result.notSupported.push(one)
    else if (one.valid) result.falseRefusals.push(one)
    else result.right += 1
  }
  return result
}

/** Whether a library takes the case's text under its keys for good, and reads in it what was written. */
export async function accepts(library, { kind, text, key, keys, plaintext, valid }) {
  let payload
  try {
    if (kind === 'jwe' && !library.jwe) return false
    payload = await library[kind](text, keys ?? key)
  } catch {
    return false
  }
  if (valid && plaintext !== undefined) {
    return Buffer.from(payload).toString('hex') === plaintext
  }
  return true
}

// Scopes as OAuth writes them (RFC 6749 §3.3): names separated by single spaces, in no order.

/** Whether every name in `required` is in `granted`. */
export function scopeIncludes(granted: unknown, required: string): boolean {
  const names = new Set(typeof granted === 'string' ? granted.split(' ') : [])
  return required.split(' ').every((name) => name === '' || names.has(name))
}

// Amounts as people write them; on the wire they are whole fen.

import { language } from '../../common/language'

/** `1250000` as `¥12,500.00` */
export function yuan(fen: number): string {
  const locale = language() === 'zh' ? 'zh-CN' : 'en'
  const options = { style: 'currency', currency: 'CNY', currencyDisplay: 'narrowSymbol' } as const
  return new Intl.NumberFormat(locale, options).format(fen / 100)
}

/** The fen of `35`, `35.5` or `35.00`; nothing where it is no such amount. */
export function fenOf(text: string): number | undefined {
  const [, whole, part = ''] = /^\s*(\d{1,9})(?:[.,](\d{1,2}))?\s*$/.exec(text) ?? []
  const fen = Number(whole) * 100 + Number(part.padEnd(2, '0'))
  return fen > 0 ? fen : undefined
}

/** `83` seconds as `1:23` */
export function clock(seconds: number): string {
  const left = Math.max(0, Math.ceil(seconds))
  return `${Math.floor(left / 60)}:${String(left % 60).padStart(2, '0')}`
}

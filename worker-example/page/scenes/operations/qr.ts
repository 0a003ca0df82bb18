// A text as a QR code: one path of an SVG, dark on light in every theme, since cameras expect that.

import { encode } from 'uqr'

const svg = 'http://www.w3.org/2000/svg'

export function qrCode(text: string, label: string): SVGSVGElement {
  const { data, size } = encode(text, { ecc: 'M', border: 2 })
  const root = document.createElementNS(svg, 'svg')
  root.setAttribute('viewBox', `0 0 ${size} ${size}`)
  root.setAttribute('role', 'img')
  root.setAttribute('aria-label', label)
  root.setAttribute('shape-rendering', 'crispEdges')
  const path = document.createElementNS(svg, 'path')
  const dark = data.flatMap((row, y) => row.flatMap((on, x) => (on ? `M${x} ${y}h1v1h-1z` : [])))
  path.setAttribute('d', dark.join(''))
  root.append(path)
  return root
}

// Counts in the text format of Prometheus (exposition format 0.0.4).
import type { HistogramSnapshot, MetricsSnapshot } from './metrics.js'

/** The text of a snapshot. */
export function exposition(counts: MetricsSnapshot): string {
  const text: string[] = []
  const family = (name: string, type: 'counter' | 'histogram', help: string) =>
    text.push(`# HELP lingpai_${name} ${help}`, `# TYPE lingpai_${name} ${type}`)
  const sample = (name: string, labels: Record<string, string>, value: number) =>
    text.push(`lingpai_${name}${labelled(labels)} ${value}`)

  function counters(name: string, label: string, help: string, values: Record<string, number>) {
    family(name, 'counter', help)
    for (const [key, value] of Object.entries(values)) sample(name, { [label]: key }, value)
  }
  function histogram(
    name: string,
    labels: Record<string, string>,
    from: HistogramSnapshot,
    unit = 1,
  ) {
    for (const { atMost, count } of from.buckets) {
      sample(`${name}_bucket`, { ...labels, le: String(atMost / unit) }, count)
    }
    sample(`${name}_bucket`, { ...labels, le: '+Inf' }, from.count)
    sample(`${name}_sum`, labels, from.sum / unit)
    sample(`${name}_count`, labels, from.count)
  }

  counters('verified_total', 'issuer', 'Accepted tokens and requests.', counts.verified)
  counters('algorithms_total', 'alg', 'Accepted tokens by algorithm.', counts.algorithms)
  family('seen_before_total', 'counter', 'Accepted tokens whose signature was known already.')
  sample('seen_before_total', {}, counts.seenBefore)
  counters('refused_total', 'code', 'Refused tokens and requests.', counts.refused)
  counters('keys_total', 'outcome', 'What happened to key sets.', counts.keys)
  counters('status_lists_total', 'outcome', 'Status lists fetched, or not.', counts.statusLists)
  counters('traps_total', 'outcome', 'Faults of the WebAssembly module.', counts.traps)
  family('phase_seconds', 'histogram', 'Duration of the phases of a verification.')
  for (const [phase, from] of Object.entries(counts.durationsMs)) {
    histogram('phase_seconds', { phase }, from, 1000)
  }
  family('token_age_seconds', 'histogram', 'Our time minus iat, at the first use of a token.')
  histogram('token_age_seconds', {}, counts.tokenAgeSeconds)
  family('proof_age_seconds', 'histogram', 'Our time minus iat of a proof.')
  histogram('proof_age_seconds', {}, counts.proofAgeSeconds)
  return text.join('\n') + '\n'
}

function labelled(labels: Record<string, string>): string {
  const pairs = Object.entries(labels).map(([name, value]) => `${name}="${escaped(value)}"`)
  return pairs.length ? `{${pairs.join(',')}}` : ''
}

function escaped(value: string): string {
  return value.replaceAll('\\', '\\\\').replaceAll('"', '\\"').replaceAll('\n', '\\n')
}

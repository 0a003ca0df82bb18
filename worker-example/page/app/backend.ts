// What the app's front-end asks of its own back-end, and the steps that it took there.

import { algorithms, short, type Members } from '../common/jose-peek'
import type { Step } from '../common/step'

export interface Launch {
  accessToken?: string
  launchUrl?: string
  error?: string
  observed: Observed[]
}

/** One act of the back-end, as `src/demo/partner.ts` reports it. */
type Observed = { afterMs: number } & (
  | { what: 'assertion'; header: Members; claims: Members }
  | { what: 'at_asked'; form: Readonly<Record<string, string>> }
  | { what: 'at_answered'; status: number; size: number; envelope?: Members; body?: Members }
  | { what: 'at_opened'; header: Members; claims: Members }
)

export async function askBackend(thumbprint?: string): Promise<Launch> {
  try {
    const response = await fetch('/demo/launch', {
      method: 'POST',
      headers: { 'Content-Type': 'application/json' },
      body: JSON.stringify({ thumbprint }),
    })
    const answer = (await response.json()) as Partial<Launch>
    return { observed: [], ...(response.ok ? {} : { error: String(response.status) }), ...answer }
  } catch {
    return { error: 'network_unavailable', observed: [] }
  }
}

export function stepsOf(launch: Launch, run: Step['run'], sentAt: number): Step[] {
  return launch.observed.map((act) => ({ ...told(act), at: sentAt + act.afterMs, run }))
}

function told(act: Observed): Omit<Step, 'at' | 'run'> {
  switch (act.what) {
    case 'assertion':
      return {
        kind: 'assertion',
        from: 'partner',
        to: 'partner',
        state: 'done',
        facts: [
          ['signed_by', String(act.header['kid'])],
          ['algorithms', algorithms(act.header)],
          ['once', short(act.claims['jti'])],
          ['lifetime', lifetime(act.claims)],
        ],
        decoded: { header: act.header, claims: act.claims },
      }
    case 'at_asked': {
      const { form } = act
      const facts: [string, string][] = [
        ['subject', form['subject'] ?? ''],
        ['audience', form['audience'] ?? ''],
        ['scope', form['scope'] ?? ''],
        ['for_page', form['page'] ?? ''],
      ]
      if (form['jkt']) facts.push(['bound_to', short(form['jkt'])])
      return {
        kind: 'at_asked',
        from: 'partner',
        to: 'edge',
        state: 'done',
        facts,
        decoded: { form },
      }
    }
    case 'at_answered': {
      const granted = act.status === 200
      const code = String(act.body?.['error_description'] ?? act.body?.['error'] ?? act.status)
      const facts: [string, string][] = [['status', String(act.status)]]
      if (act.envelope) {
        facts.push(['key', String(act.envelope['kid'])], ['algorithms', algorithms(act.envelope)])
        facts.push(['size', `${act.size} B`])
      }
      return {
        kind: 'at_answered',
        from: 'edge',
        to: 'partner',
        state: granted ? 'granted' : 'refused',
        values: { code },
        facts,
        decoded: act.envelope ? { envelope: act.envelope } : { body: act.body },
      }
    }
    case 'at_opened': {
      const appKey = act.claims['ak'] as Members | undefined
      const bound = (act.claims['cnf'] as Members | undefined)?.['jkt']
      const facts: [string, string][] = [
        ['signed_by', String(act.header['kid'])],
        ['opaque', short(act.claims['sub'])],
        ['app_key', `${appKey?.['kid']} (${appKey?.['crv']})`],
        ['lifetime', lifetime(act.claims)],
      ]
      if (bound) facts.push(['bound_to', short(bound)])
      return {
        kind: 'at_opened',
        from: 'partner',
        to: 'partner',
        state: 'done',
        facts,
        decoded: { header: act.header, claims: act.claims },
      }
    }
  }
}

function lifetime(claims: Members): string {
  return `${Number(claims['exp']) - Number(claims['iat'])} s`
}

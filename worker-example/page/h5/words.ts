// Texts of the tea club's page, in English and Chinese.

import { stepWords } from '../common/step-words'
import type { Words } from '../common/language'

export const words: Words = {
  ...stepWords,
  language: ['Language', '语言'],
  club: ['Qingshan Tea Club', '青山茶会'],
  member: ['Member', '会员'],
  life: ['Visit token', '访问凭证'],
  'life.left': ['{time} left', '还剩 {time}'],
  'state.opening': ['Opening your visit…', '正在开始访问…'],
  'state.open': ['Welcome. Your visit is open.', '欢迎光临，访问已开始。'],
  'state.resumed': ['Still here. Your visit goes on.', '您还在，访问继续。'],
  'state.ended': ['The edge ended this visit.', '网关已终止这次访问。'],
  'state.closed': ['Visit closed. See you next time.', '访问已结束，下次再见。'],
  'state.failed': ['No visit could be opened.', '未能开始访问。'],
  next: [
    'For a new visit, open the tea club again from the app.',
    '要开始新的访问，请从应用里重新打开茶会。',
  ],
  'kept.key': ['Proof key', '证明密钥'],
  'kept.durability': ['Sealed record', '封存记录'],
  'kept.key.non-extractable': ['held by the browser', '由浏览器保管'],
  'kept.key.memory': ['in this page’s memory', '在本页内存中'],
  'kept.durability.tab': ['in this tab, survives a reload', '在本标签页，刷新后仍在'],
  'kept.durability.memory': ['in this page’s memory', '在本页内存中'],
  'kept.scope': ['May do', '允许范围'],
  'do.me': ['Ask the club who I am', '问问茶会我是谁'],
  'do.refresh': ['Refresh now', '立即刷新凭证'],
  'do.reload': ['Reload page', '重新加载页面'],
  'do.thief': ['Let a thief try it', '让窃取者试试'],
  'do.close': ['Close the visit', '结束访问'],
  'said.me': [
    'The club knows you as {member}, sent by {partner}, and nothing else.',
    '茶会只知道您是 {member}，来自 {partner}，别的一概不知。',
  ],
  'said.refreshed': ['A new visit token is in use.', '新的访问凭证已启用。'],
  'said.refused': ['The edge says: {code}', '网关回答：{code}'],
  'said.thief': [
    'A thief has the access token and tries it now. See the steps.',
    '窃取者正拿着访问令牌尝试。请看步骤。',
  ],
  'said.thief.stopped': [
    'The thief was stopped: {code}. Ask the club again and see whether your visit survived.',
    '窃取者已被阻止：{code}。再问一次茶会，看看您的访问是否仍然有效。',
  ],
  'said.thief.granted': [
    'The thief got a visit. This must not happen.',
    '窃取者得到了访问，这不应该发生。',
  ],
  'said.thief.none': [
    'The app does not hold the access token any more. Open the tea club again from there.',
    '应用已不再持有这个访问令牌。请从应用里重新打开茶会。',
  ],
  'said.closed': ['Tokens and keys are gone from this page.', '令牌和密钥已从本页清除。'],
  'verdict.good': ['Granted', '放行'],
  'verdict.bad': ['Refused', '拒绝'],
  'verdict.note': ['Note', '提示'],
  'trouble.app': ['To the app', '前往应用'],
  'trouble.launch': ['Start from the app: open the tea club there.', '请从应用里打开茶会。'],
}

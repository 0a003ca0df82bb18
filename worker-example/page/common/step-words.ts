// What each step and each fact is called, and why the step exists, in English and Chinese.

import type { Words } from './language'

export const stepWords: Words = {
  // Lanes and states
  partner: ['Partner', '合作方'],
  page: ['Page', '页面'],
  edge: ['Edge', '边缘网关'],
  thief: ['Thief', '窃取者'],
  done: ['Done', '完成'],
  granted: ['Granted', '放行'],
  refused: ['Refused', '拒绝'],

  // Runs
  'run.framed': ['In the app · bound launch', '应用内打开 · 绑定启动'],
  'run.linked': ['By link · fragment launch', '链接打开 · 片段启动'],
  'run.attack': ['A thief tries the same access token', '窃取者重放同一个访问令牌'],

  'run.again': ['Back in the visit', '回到这次访问'],

  // Steps: what happens, then why
  key_made: ['Makes its proof key', '生成证明密钥'],
  'key_made.why': [
    'The private half cannot leave the page. Only its thumbprint travels.',
    '私钥不会离开页面，对外只给出指纹。',
  ],
  key_found: ['Finds its proof key again', '找回证明密钥'],
  'key_found.why': [
    'The browser kept it over the reload, still without showing it to anybody.',
    '浏览器在刷新前后一直保管着它，从未交给任何人。',
  ],
  key_told: ['Gives the key’s thumbprint to the app', '把密钥指纹交给应用'],
  'key_told.why': [
    'By postMessage, to the app’s exact origin. The token that comes back will work for this key alone.',
    '通过 postMessage，只发给应用的确切来源。换回的令牌只对这把密钥有效。',
  ],
  assertion: ['Signs who it is', '签名表明身份'],
  'assertion.why': [
    'The app’s back-end proves itself with a key of its own. No shared password exists.',
    '应用后端用自己的密钥证明身份，不存在共享口令。',
  ],
  at_asked: ['Asks for an access token', '申请访问令牌'],
  'at_asked.why': [
    'For one tap of one user, for one page and one purpose.',
    '只为一位用户的一次点击，只给一个页面、一个用途。',
  ],
  at_answered: ['Access token, sealed to the partner', '访问令牌，封给合作方'],
  'at_answered.why': [
    'The assertion was checked and burned. The token is encrypted to the partner’s key.',
    '断言已验证并作废。令牌用合作方的公钥加密返回。',
  ],
  'at_answered.refused': ['The edge refused the partner: {code}', '网关拒绝了合作方：{code}'],
  at_opened: ['Opens it and checks the issuer’s signature', '解封并核对签发者的签名'],
  'at_opened.why': [
    'Encryption alone does not say who sent it, the signature does. Inside: the gateway’s AppKey.',
    '加密不能说明是谁发的，签名可以。里面带着网关的公钥 AppKey。',
  ],
  at_handed: ['Hands the access token to the page', '把访问令牌交给页面'],
  'at_handed.why': [
    'By postMessage, to the page’s exact origin.',
    '通过 postMessage，只发给页面的确切来源。',
  ],
  at_linked: ['Opens the page with the token in the fragment', '打开页面，令牌放在地址片段里'],
  'at_linked.why': [
    'What follows # is never sent to any server.',
    '# 之后的内容不会发送给任何服务器。',
  ],
  at_taken: ['Takes the token out of the address', '把令牌从地址里取走'],
  'at_taken.why': [
    'Before any other script runs. Address bar and history are clean now.',
    '早于其他任何脚本执行。地址栏和历史记录都已清除。',
  ],
  at_checked: ['Checks the access token', '核对访问令牌'],
  'at_checked.why': [
    'Signed by the issuer that this page is configured to trust, and bound to this very key.',
    '由本页配置信任的签发者签名，并且绑定的正是这把密钥。',
  ],
  resending: ['Nothing usable came back, sends it again', '没有收到可用的应答，准备重发'],
  'resending.why': [
    'The very same bytes: repeating a request never redeems anything twice.',
    '内容一字不差：重发不会造成二次核销。',
  ],
  not_kept: ['Cannot keep its state over a reload', '无法跨刷新保留状态'],
  'not_kept.why': ['The visit goes on in memory.', '访问仅在内存中继续。'],
  conflict: ['This launch is for somebody else', '这次启动属于另一个人'],
  'conflict.why': [
    'The visit at hand is only given up if that is approved.',
    '只有得到同意，才会放弃当前的访问。',
  ],
  ended: ['The visit has ended: {code}', '访问已终止：{code}'],
  'ended.why': ['Its tokens and keys are wiped from the page.', '令牌和密钥已从页面清除。'],
  visit_sent: ['Seals the access token under a random key R', '用随机密钥 R 封装访问令牌'],
  'visit_sent.why': [
    'R is new for this request. Token and R go out in one envelope that only the gateway’s AppKey opens.',
    'R 只用于这一次请求。令牌和 R 装进同一个信封，只有网关的 AppKey 能打开。',
  ],
  visit_answered: ['Visit token, sealed under R', '访问凭证，用 R 封装'],
  'visit_answered.why': [
    'The access token is used up. The key of the answer is made from R and from this very request: no other answer would open.',
    '访问令牌已核销。应答的密钥由 R 和这个请求本身派生，换成别的应答都打不开。',
  ],
  'visit_answered.refused': ['The edge refused the visit: {code}', '网关拒绝了这次访问：{code}'],
  visit_opened: ['Opens the answer with R', '用 R 打开应答'],
  'visit_opened.why': [
    'Signature, audience, subject and scope all fit. The visit is open.',
    '签名、受众、主体、范围全部吻合，访问开始。',
  ],
  visit_resumed: ['Goes on after a reload', '刷新后继续'],
  'visit_resumed.why': [
    'From its sealed record, checked again. The edge was not asked.',
    '读取封存的记录并重新核验，没有请求网关。',
  ],
  visit_failed: ['No visit: {code}', '访问未能开始：{code}'],
  'visit_failed.why': [
    'The page shows nothing that needs a visit.',
    '页面不展示任何需要访问凭证的内容。',
  ],
  call_sent: ['Calls {path} with the visit token', '携访问凭证调用 {path}'],
  'call_sent.why': [
    'A fresh proof by the page’s key covers this method, this URL and this token.',
    '页面用自己的密钥现做一份证明，覆盖这个方法、这个地址和这个令牌。',
  ],
  call_answered: ['Verified, and answered', '核验通过，返回结果'],
  'call_answered.why': [
    'Signature, claims, revocation and proof were checked. The proof is burned and cannot be sent again.',
    '签名、声明、吊销状态、证明均已核验。这份证明就此作废，不能再用。',
  ],
  'call_answered.refused': ['Call refused: {code}', '调用被拒绝：{code}'],
  'call_answered.token_revoked.why': [
    'The ledger says that this family has ended. Its tokens have not expired, and are worth nothing.',
    '账本显示这个家族已被吊销。令牌虽未过期，也已毫无用处。',
  ],
  'refresh_answered.visit_ended.why': [
    'The family has ended. The refusal itself is sealed under R, so the page knows that it comes from the edge.',
    '家族已被吊销。拒绝本身也用 R 封装，页面因此确信它来自网关。',
  ],
  'visit_answered.replayed.why': [
    'Somebody has used this access token already.',
    '这个访问令牌已经被人用过。',
  ],
  refresh_sent: ['Asks for the next visit token', '换取下一个访问凭证'],
  'refresh_sent.why': [
    'Again under a new R. The refresh token works once, and only for the page’s key.',
    '同样使用新的 R。刷新令牌只能用一次，且只对页面的密钥有效。',
  ],
  refresh_answered: ['Next visit token, sealed under the new R', '新的访问凭证，用新 R 封装'],
  'refresh_answered.why': [
    'The old refresh token is spent, its successor is inside.',
    '旧的刷新令牌已用掉，信封里是下一个。',
  ],
  'refresh_answered.refused': ['Refresh refused: {code}', '刷新被拒绝：{code}'],
  refreshed: ['Takes over the new visit token', '启用新的访问凭证'],
  'refreshed.why': ['The visit goes on without a break.', '访问不间断地继续。'],
  nonce_asked: ['Wants a proof with its nonce', '要求证明里带上随机数'],
  'nonce_asked.why': ['The page signs again and repeats the request.', '页面重新签名并重发请求。'],
  closed: ['Closes the visit', '结束访问'],
  'closed.why': [
    'Tokens, keys and the sealed record are gone from the page.',
    '令牌、密钥和封存的记录都已从页面清除。',
  ],
  thief_sent: [
    'Sends the same access token, sealed under its own R',
    '用自己的 R 封装同一个访问令牌并发出',
  ],
  'thief_sent.why': [
    'It has the token, and not the page’s proof key.',
    '它拿到了令牌，但没有页面的证明密钥。',
  ],
  thief_answered: ['The edge gave the thief a visit', '网关竟然放行了窃取者'],
  'thief_answered.why': ['This must not happen.', '这不应该发生。'],
  'thief_answered.refused': ['Stopped: {code}', '已阻止：{code}'],
  'thief_answered.refused.why': [
    'The visit that was open is not affected.',
    '正在进行的访问不受影响。',
  ],
  'thief_answered.replayed.why': [
    'Used already, by another key. Nobody can tell who is genuine, so the edge ends the whole family: the open visit stops too.',
    '这个令牌已被另一把密钥用过。无法判断谁是真的，网关吊销整个家族：正在进行的访问也随之终止。',
  ],

  // Facts
  'fact.key': ['under key', '使用密钥'],
  'fact.signed_by': ['signed by', '签名密钥'],
  'fact.thumbprint': ['thumbprint', '指纹'],
  'fact.bound_to': ['bound to', '绑定到'],
  'fact.algorithms': ['with', '算法'],
  'fact.size': ['size', '大小'],
  'fact.status': ['status', '状态码'],
  'fact.code': ['code', '代码'],
  'fact.subject': ['user', '用户'],
  'fact.opaque': ['user, opaque', '用户（不透明标识）'],
  'fact.audience': ['audience', '受众'],
  'fact.scope': ['scope', '范围'],
  'fact.for_page': ['for page', '限定页面'],
  'fact.lifetime': ['lives', '有效期'],
  'fact.once': ['id, used once', '一次性编号'],
  'fact.answers': ['answers request', '回应请求'],
  'fact.matches': ['hash matches', '哈希核对'],
  'fact.family': ['family', '家族'],
  'fact.app_key': ['AppKey inside', '内含 AppKey'],
  'fact.proof': ['proof for', '证明对象'],
  'fact.address': ['address now', '当前地址'],
  'fact.kept': ['key kept in', '密钥存于'],
  'fact.bound': ['bound to the key', '已绑定密钥'],
  'fact.next_key': ['next AppKey', '下一个 AppKey'],
  'fact.wait': ['waits', '等待'],
  'fact.what': ['what', '对象'],
  'fact.approved': ['approved', '已同意'],
  'fact.challenge': ['challenge', '质询'],
  'value.yes': ['yes', '一致'],
  'value.no': ['no', '不一致'],
  'value.true': ['yes', '是'],
  'value.false': ['no', '否'],
  'value.non-extractable': ['the browser, not extractable', '浏览器，不可导出'],
  'value.memory': ['this page’s memory', '本页内存'],

  // Trace furniture
  'trace.title': ['What is happening', '正在发生什么'],
  'trace.empty': [
    'Nothing yet. Open the tea club in the phone.',
    '还没有步骤。请在手机里打开茶会。',
  ],
  'trace.decoded': ['What was inside', '查看内容'],
  'part.launch': ['Launch', '启动'],
  'part.launch.why': [
    'The partner proves who it is and gets an access token for one tap of one user.',
    '合作方证明身份，为一位用户的一次点击换取访问令牌。',
  ],
  'part.visit': ['Visit', '访问'],
  'part.visit.why': [
    'The page seals it under a random key that it draws for this moment. The edge takes it once and answers under a key made from that one.',
    '页面用当场抽取的随机密钥封装它。网关只收一次，并用由它派生的密钥封装应答。',
  ],
  'part.call': ['Calls', '调用'],
  'part.call.why': [
    'With the visit token comes a fresh proof, so that a copied token is worth nothing.',
    '每次调用都附上现做的证明，被复制的令牌毫无用处。',
  ],
  'part.refresh': ['Refresh', '刷新'],
  'part.refresh.why': [
    'Ahead of expiry, under a new random key. If anything is used twice, the whole family ends.',
    '赶在过期之前，换一把新的随机密钥。任何东西被用了两次，整个家族立即终止。',
  ],
  'trace.partner': [
    'An app that somebody uses, and its back-end. Known to the edge by its keys.',
    '用户正在使用的应用及其后端。网关凭密钥认识它。',
  ],
  'trace.page': [
    'A web page of somebody else, opened inside the app. Keeps its own proof key.',
    '在应用里打开的第三方网页。自己保管证明密钥。',
  ],
  'trace.edge': [
    'Gateway and authority. Issues, checks, and lets nothing count twice.',
    '网关与认证端。签发、核验，任何令牌都不能用两次。',
  ],
}

// Texts of the partner app, in English and Chinese.

import { stepWords } from '../common/step-words'
import type { Words } from '../common/language'

export const words: Words = {
  ...stepWords,
  tagline: ['One visit, step by step, as it really happens.', '一次访问的每一步，都是真实发生的。'],
  language: ['Language', '语言'],
  scenes: ['More to try', '更多场景'],
  views: ['What to look at', '查看内容'],
  'view.phone': ['Phone', '手机'],
  'view.trace': ['Steps', '步骤'],
  'app.label': ['The partner’s app', '合作方的应用'],
  'app.name': ['Xiaoman Eats', '小满外卖'],
  'app.user': ['Lin Qiao', '林乔'],
  'order.title': ['Your noodles are on the way', '您的面正在路上'],
  'order.sub': ['Beef noodles, extra coriander', '牛肉面，多放香菜'],
  services: ['From our neighbours', '邻居的服务'],
  'tile.title': ['Qingshan Tea Club', '青山茶会'],
  'tile.sub': ['Your member card, right here', '会员卡，在这里打开'],
  'tile.go': ['Open', '打开'],
  'link.title': ['Open it in a new tab instead', '改为在新标签页打开'],
  nearby: ['Nearby', '附近'],
  'dish.a': ['Scallion pancake', '葱油饼'],
  'dish.b': ['Tomato and egg', '番茄炒蛋'],
  'dish.c': ['Clay-pot rice', '煲仔饭'],
  'sheet.close': ['Close the page', '关闭页面'],
  'sheet.frame': ['Qingshan Tea Club, a page of another site', '青山茶会，另一个站点的页面'],
  'stage.note': [
    'The app and the page in it are two sites. Neither can read the other.',
    '应用和里面的页面是两个站点，互相读不到对方的内容。',
  ],
  'trouble.partner': [
    'The app’s back-end could not get an access token: {code}',
    '应用后端没有拿到访问令牌：{code}',
  ],
  'trouble.blocked': [
    'The browser did not open a new tab. Allow pop-ups for this page and try again.',
    '浏览器没有打开新标签页。请允许本页弹出窗口后重试。',
  ],
}

// What the bundle exports: the same as `index.ts`, in the words of CommonJS, which need no code around them.
import { alipay, baidu, createMini, douyin, kuaishou, LingpaiError, qq, wechat } from './index'

declare const module: { exports: object }

module.exports = { alipay, baidu, createMini, douyin, kuaishou, LingpaiError, qq, wechat }

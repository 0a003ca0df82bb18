// The six platforms by the name that `subject_token_type` gives them.
import { my } from './my.js'
import { ks, qq, swan } from './plain.js'
import { tt } from './tt.js'
import { wx } from './wx.js'

export const platforms = { wechat: wx, alipay: my, douyin: tt, baidu: swan, qq, kuaishou: ks }

/** Those that prove possession of a key, as the fakes stand. */
export const proving = ['wechat', 'douyin']

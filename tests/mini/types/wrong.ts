// What must not compile: `wx` without storage.
import { wechat } from '@lingpai/mini'

wechat({ request: wx.request, login: wx.login })

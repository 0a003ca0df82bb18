// Logs in when it has to, calls the API, and tells the user what to do about a refusal.
const config = require('../../config.js')

/** What a user can do, by code. */
const advice = {
  network_unavailable: '网络不可用，请稍后再试',
  rate_limited: '操作太频繁，请稍后再试',
  risk_blocked: '当前账号无法登录',
  temporarily_unavailable: '服务暂时不可用，请稍后再试',
}

Page({
  data: { busy: false, status: null, answer: '', refused: '' },

  async call() {
    const { mini } = getApp()
    this.setData({ busy: true, answer: '', refused: '' })
    try {
      const answer = await mini.request({ url: `${config.audience}/me` })
      this.setData({ answer: `${answer.status} ${answer.body}`, status: await mini.status() })
    } catch (error) {
      this.setData({
        refused: `${advice[error.code] || '登录失败'} (${error.code || error.message})`,
      })
    }
    this.setData({ busy: false })
  },
})

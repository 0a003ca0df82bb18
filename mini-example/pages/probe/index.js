// Runs the probe and offers its report for copying.
const { probe } = require('./probe.js')

Page({
  data: { busy: false, report: '' },

  async probe() {
    this.setData({ busy: true, report: '' })
    const webAssembly = typeof WXWebAssembly === 'undefined' ? undefined : WXWebAssembly
    this.setData({ report: JSON.stringify(await probe(wx, webAssembly), null, 2), busy: false })
  },

  copy() {
    wx.setClipboardData({ data: this.data.report })
  },
})

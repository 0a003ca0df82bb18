// One `mini` for the whole mini-program: pages share its token, and fifty calls at once do one login.
const { createMini, wechat } = require('@lingpai/mini')
const config = require('./config.js')

App({
  onLaunch() {
    // Old base libraries do not declare it.
    const webAssembly = typeof WXWebAssembly === 'undefined' ? undefined : WXWebAssembly
    this.mini = createMini({
      host: wechat(wx, webAssembly),
      gateway: config.gateway,
      clientId: config.clientId,
      audience: config.audience,
      onEvent: (event) => console.info('lingpai', event.type),
    })
  },
})

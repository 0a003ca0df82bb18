// What a bank's mini-program does beside logins: a phone number is replaced by a token of the vault, also while the vault is away, and
// a transfer is made under an alias, so that the account number is on its way once.
const config = require('../../config.js')

const refusalOf = (error) => `${error.code || error.message}`

Page({
  data: { busy: false, phone: '13800138000', token: '', vault: '', state: '', refused: '' },

  async tokenize() {
    await this.attempt(async () => {
      // One for as long as the mini-program runs: what waits in it is sent also once this page is left.
      const app = getApp()
      if (app.tokenizer === undefined)
        app.tokenizer = await app.mini.tokenizer({ issuer: config.gateway })
      const token = await app.tokenizer.tokenize(this.data.phone, { field: 'phone' })
      const { mode, pending } = app.tokenizer.status
      this.setData({ token, vault: `${mode} · ${pending}` })
    })
  },

  async begin() {
    await this.attempt(async () => {
      const { mini } = getApp()
      const [{ id }] = (await mini.request({ url: `${config.audience}/accounts` })).json()
      const details = { amount: 100, currency: 'CNY', to: '李四' }
      this.operation = await mini.beginOperation('transfer', details, {
        account: id,
        // Hidden and shown again, there is another alias: the page shows what there is.
        onEvent: () => this.show(),
      })
      this.show()
    })
  },

  async submit() {
    await this.attempt(async () => {
      // Without an answer nobody knows: the same button asks again, and nothing is paid twice.
      const { state } = await this.operation.submit()
      this.setData({ state })
    })
  },

  show() {
    const { operation } = this
    if (operation !== undefined) this.setData({ state: `${operation.state} ${operation.alias}` })
  },

  // Leaving this page is the end of it. Going to the background is seen to by the package.
  onUnload() {
    if (this.operation !== undefined) this.operation.cancel()
  },

  async attempt(work) {
    this.setData({ busy: true, refused: '' })
    try {
      await work()
    } catch (error) {
      this.setData({ refused: refusalOf(error) })
    }
    this.setData({ busy: false })
  },
})

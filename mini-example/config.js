// Where this mini-program logs in, and as whom. None of it is secret: the appid's secret stays at the gateway.
module.exports = {
  gateway: 'https://gate.example.com',
  clientId: 'mini-wechat',
  audience: 'https://gate.example.com/api',
}

// The partner's app: frames the page on another origin and answers its launch with a bound access token.
import { answerLaunch } from '@lingpai/h5/app'

const page = new URLSearchParams(location.search).get('page')
const frame = document.createElement('iframe')
answerLaunch(frame, {
  pageOrigin: new URL(page).origin,
  async accessToken(thumbprint) {
    const response = await fetch(`/partner/access-token?jkt=${thumbprint}`)
    return response.text()
  },
})
frame.src = page
document.body.append(frame)

// Asks the browser for a passkey, and gives its answer to the page's form. Without script the password is there.
(() => {
  'use strict'
  if (!window.PublicKeyCredential) return
  const bytes = text => Uint8Array.from(atob(text.replace(/-/g, '+').replace(/_/g, '/')), sign => sign.charCodeAt(0))
  const text = buffer => btoa(String.fromCharCode(...new Uint8Array(buffer))).replace(/\+/g, '-').replace(/\//g, '_').replace(/=+$/, '')
  const listed = list => list?.map(one => ({...one, id: bytes(one.id)}))

  // What the server writes in JSON, as the browser wants it, and back.
  const asked = options => ({
    ...options,
    challenge: bytes(options.challenge),
    ...options.user && {user: {...options.user, id: bytes(options.user.id)}},
    ...options.allowCredentials && {allowCredentials: listed(options.allowCredentials)},
    ...options.excludeCredentials && {excludeCredentials: listed(options.excludeCredentials)},
  })
  const parts = ['clientDataJSON', 'attestationObject', 'authenticatorData', 'signature', 'userHandle']
  const answered = made => JSON.stringify({
    id: made.id,
    rawId: text(made.rawId),
    type: made.type,
    clientExtensionResults: made.getClientExtensionResults(),
    response: Object.fromEntries(parts.filter(name => made.response[name]).map(name => [name, text(made.response[name])])),
  })

  document.querySelectorAll('[data-with-passkey], [data-passkey]').forEach(one => { one.hidden = false })
  document.documentElement.classList.add('has-passkeys')
  document.querySelectorAll('[data-passkey]').forEach(form => {
    const button = form.querySelector('[data-passkey-go]'), failed = form.querySelector('[data-passkey-failed]')
    button.addEventListener('click', async () => {
      button.disabled = true
      failed.hidden = true
      form.dataset.from.split(' ').filter(Boolean).forEach(name => { form.elements[name].value = document.getElementById(name).value })
      try {
        const reply = await fetch(form.dataset.question, {method: 'POST', body: new URLSearchParams(new FormData(form))})
        if (!reply.ok) throw new Error(reply.status)
        const publicKey = asked(await reply.json())
        const made = await (form.dataset.passkey === 'get' ? navigator.credentials.get({publicKey}) : navigator.credentials.create({publicKey}))
        form.elements.answer.value = answered(made)
        form.requestSubmit()
      } catch {
        failed.hidden = false
      } finally {
        button.disabled = false
      }
    })
  })
})()

// Asks the browser to be told while no page is open, and gives what it answers to the page's form.
(() => {
  'use strict'
  const panel = document.querySelector('[data-push]')
  if (!panel || !('serviceWorker' in navigator) || !('PushManager' in window) || !('Notification' in window)) return
  const {key, worker} = panel.dataset
  const form = document.getElementById('push')
  const button = panel.querySelector('[data-push-on]')

  const show = state => {
    panel.querySelectorAll('[data-push-state]').forEach(line => { line.hidden = line.dataset.pushState !== state })
    button.hidden = !['off', 'failed'].includes(state)
  }
  const bytes = text => Uint8Array.from(atob(text.replace(/-/g, '+').replace(/_/g, '/')), sign => sign.charCodeAt(0))
  const text = buffer => btoa(String.fromCharCode(...new Uint8Array(buffer))).replace(/\+/g, '-').replace(/\//g, '_').replace(/=+$/, '')

  // One script may become a worker, and no other.
  const rules = {createScriptURL: url => { if (url !== worker) throw new Error(url); return url }}
  const policy = window.trustedTypes?.createPolicy('rescind-worker', rules) ?? rules
  const ready = () => navigator.serviceWorker.register(policy.createScriptURL(worker))

  // A subscription that was made with another key is told nothing any more.
  const ours = one => one && text(one.options.applicationServerKey) === key
  const look = async () => {
    if (Notification.permission === 'denied') return show('blocked')
    const registration = await navigator.serviceWorker.getRegistration(worker)
    show(ours(await registration?.pushManager.getSubscription()) ? 'on' : 'off')
  }

  button.addEventListener('click', async () => {
    button.firstElementChild.disabled = true
    try {
      if (await Notification.requestPermission() !== 'granted') return show(Notification.permission === 'denied' ? 'blocked' : 'off')
      await ready()
      const {pushManager} = await navigator.serviceWorker.ready
      const old = await pushManager.getSubscription()
      if (old && !ours(old)) await old.unsubscribe()
      const one = await pushManager.subscribe({userVisibleOnly: true, applicationServerKey: bytes(key)})
      form.elements.endpoint.value = one.endpoint
      form.elements.point.value = text(one.getKey('p256dh'))
      form.elements.auth.value = text(one.getKey('auth'))
      form.requestSubmit()
    } catch {
      show('failed')
    } finally {
      button.firstElementChild.disabled = false
    }
  })
  look().catch(() => show('failed'))
})()

// In a conversation: a sentence kept ready goes where the cursor stands, and what cannot be sent opens the other ways.
(() => {
  'use strict'
  document.addEventListener('click', event => {
    const reply = event.target.closest('[data-insert]')
    if (!reply) return
    event.preventDefault()
    const box = reply.closest('form').querySelector('textarea')
    const gap = /\S$/.test(box.value.slice(0, box.selectionStart)) ? ' ' : ''
    box.setRangeText(gap + reply.dataset.insert, box.selectionStart, box.selectionEnd, 'end')
    reply.closest('details').open = false
    box.focus()
  })

  document.addEventListener('keydown', event => {
    const menu = event.key === 'Escape' && event.target.closest('[data-replies][open]')
    if (!menu) return
    menu.open = false
    menu.querySelector('summary').focus()
  })

  const words = JSON.parse(document.body.dataset.words)
  const say = (form, text) => {
    const place = form.querySelector('[data-unsent]')
    place.hidden = !text
    place.querySelector('span').textContent = text
    if (text) form.parentElement.querySelectorAll('[data-contact]').forEach(card => { card.open = true })
  }

  // What is said is sent from the page, so that whatever happens to it the form stays with its words and its key: sent
  // again it is the same message, also where the first one had arrived and only its answer was lost.
  document.addEventListener('submit', async event => {
    const form = event.target
    if (!('send' in form.dataset)) return
    event.preventDefault()
    if (form.hasAttribute('aria-busy')) return
    if (!navigator.onLine) return say(form, words.unsent)
    say(form, '')
    form.setAttribute('aria-busy', 'true')
    try {
      const fields = new FormData(form)
      const body = form.enctype === 'multipart/form-data' ? fields : new URLSearchParams(fields)
      const answer = await fetch(form.action, {method: 'POST', body})
      if (!answer.ok && answer.status !== 422) throw new Error({401: 'unknown', 403: 'unknown', 413: 'too_large'}[answer.status] ?? 'refused')
      if (answer.redirected && new URL(answer.url).pathname !== location.pathname) return location.assign(answer.url)
      const text = await answer.text()
      if (answer.redirected) history.replaceState(history.state, '', answer.url)
      await htmx.swap({text, target: '#main', select: '#main', swap: 'outerHTML ignoreTitle:true', sourceElement: document.body})
      const main = document.getElementById('main')
      const next = main.querySelector('[data-focus]') ?? main.querySelector('[data-send] textarea')
      next?.focus()
    } catch (fault) {
      say(form, navigator.onLine ? words.not_sent[fault.message] ?? words.not_sent.refused : words.unsent)
    } finally {
      form.removeAttribute('aria-busy')
    }
  })
  window.addEventListener('online', () => document.querySelectorAll('[data-send]').forEach(form => {
    if (form.querySelector('[data-unsent]').textContent.trim() === words.unsent) say(form, '')
  }))
})()

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

  document.addEventListener('submit', event => {
    if (navigator.onLine) return
    event.target.parentElement.querySelectorAll('[data-contact]').forEach(card => { card.open = true })
  })
})()

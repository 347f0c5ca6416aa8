// The bench without reloading: the input stays in place, so that no sign a scanner types is lost between two answers.
(() => {
  'use strict'
  const form = document.getElementById('scan'), input = document.getElementById('code')
  const alarm = document.getElementById('alarm'), status = document.querySelector('[data-live-status]')
  let said = ''

  // STOP and HOLD interrupt a screen reader, the rest waits its turn. The same words once more are said once more.
  const speak = always => {
    const answer = document.getElementById('answer'), text = answer?.dataset.say ?? ''
    if (text === said && !always) return
    said = text
    const loud = answer && 'alarm' in answer.dataset
    alarm.textContent = ''
    setTimeout(() => { (loud ? alarm : status).textContent = text }, 60)
  }

  const show = async (action, body) => {
    const answer = await fetch(action, {method: 'POST', body, headers: {'HX-Request': 'true'}})
    const text = await answer.text()
    if (!text.includes('id="bench"')) return location.assign(answer.url)
    if (answer.redirected) history.replaceState(null, '', answer.url)
    await htmx.swap({text, target: '#bench', select: '#bench', swap: 'outerMorph ignoreTitle:true', sourceElement: document.body})
    document.title = document.getElementById('bench').dataset.title
    if (document.activeElement === document.body) input.focus()
    speak(true)
  }

  // One after the other: a second scan is about the answer to the first.
  let before = Promise.resolve()
  const after = work => { before = before.then(work).catch(() => location.reload()) }

  form.addEventListener('submit', event => {
    event.preventDefault()
    const code = input.value.trim()
    input.value = ''
    if (!code) return
    after(() => {
      const body = new URLSearchParams(new FormData(form))
      body.set('code', code)
      return show(form.action, body)
    })
  })
  document.addEventListener('submit', event => {
    if (!event.target.closest('#bench')) return
    event.preventDefault()
    const body = new URLSearchParams(new FormData(event.target, event.submitter))
    after(() => show(event.target.action, body))
  })

  // A scanner types wherever the focus is; what it types belongs in the field.
  document.addEventListener('keydown', event => {
    if (event.key.length !== 1 || event.key === ' ' || event.ctrlKey || event.metaKey || event.altKey) return
    if (!event.target.matches('input, textarea, select')) input.focus()
  })
  document.addEventListener('htmx:after:swap', () => speak(false))
  speak(true)
})()

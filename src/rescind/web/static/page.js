// Small comforts. Every page works without them.
(() => {
  'use strict'
  const words = JSON.parse(document.body.dataset.words)
  const all = (selector, root = document) => [...root.querySelectorAll(selector)]
  document.documentElement.classList.remove('no-script')

  // Times are shown by the reader's clock, which the server learns from the next request on.
  const {timeZone} = Intl.DateTimeFormat().resolvedOptions()
  if (timeZone && !`${document.cookie};`.includes(`rescind_zone=${timeZone};`))
    document.cookie = `rescind_zone=${timeZone}; path=/; max-age=31536000; samesite=lax${location.protocol === 'https:' ? '; secure' : ''}`

  // Without a connection a form would be lost to the browser's own page. It stays, with what was typed.
  const note = document.querySelector('[data-live-note]')
  document.addEventListener('submit', event => {
    if (navigator.onLine || 'send' in event.target.dataset) return
    event.preventDefault()
    note.hidden = false
    note.textContent = document.querySelector('[data-live-status]').textContent = words.unsent
  })
  window.addEventListener('online', () => { note.hidden ||= note.textContent === words.unsent })

  // After a form was sent, the answer is what one wants to hear first.
  document.querySelector('[data-focus]')?.focus()

  document.addEventListener('click', async event => {
    const copy = event.target.closest('[data-copy]')
    if (copy) {
      await navigator.clipboard.writeText(copy.dataset.copy)
      document.querySelector('[data-live-status]').textContent = words.copied
      copy.classList.add('done')
      setTimeout(() => copy.classList.remove('done'), 1500)
    }
    const step = event.target.closest('[data-step]')
    if (step) {
      const input = step.parentElement.querySelector('input')
      input.stepUp(Number(step.dataset.step))
      input.dispatchEvent(new Event('change', {bubbles: true}))
    }
  })

  // Of tabs that scroll sideways, the one that is open is in sight.
  all('.tabs ul').forEach(strip => {
    const here = strip.querySelector('[aria-current]')
    if (here) strip.scrollLeft = here.getBoundingClientRect().left - strip.getBoundingClientRect().left - 48
  })

  const prepare = () => {
    // Only pages of a secure address may copy.
    if (navigator.clipboard) all('[data-copy][hidden]').forEach(button => { button.hidden = false })
    all('[data-tick-all][hidden]').forEach(box => { box.hidden = false })
    all('[data-stepper]:not(.ready)').forEach(stepper => {
      stepper.classList.add('ready')
      const input = stepper.querySelector('input')
      for (const [step, sign, label] of [[-1, '−', stepper.dataset.less], [1, '+', stepper.dataset.more]]) {
        const button = Object.assign(document.createElement('button'), {type: 'button', className: 'button secondary'})
        button.dataset.step = step
        button.dataset.sign = sign
        button.setAttribute('aria-label', label)
        step < 0 ? input.before(button) : input.after(button)
      }
    })
    count()
  }

  // Ticked rows: how many, and nothing to press before there is one.
  const ticked = form => all('[data-row] input[type=checkbox]:checked').filter(box => box.form?.id === form)
  const count = () => all('[data-bulk]').forEach(bar => {
    const n = ticked(bar.dataset.bulk).length
    bar.querySelector('[data-bulk-n]').textContent = n
    bar.querySelector('[data-bulk-none]').hidden = n > 0
    bar.querySelector('[data-bulk-some]').hidden = n === 0
    bar.classList.toggle('idle', n === 0)
  })
  document.addEventListener('change', event => {
    const name = event.target.dataset?.tickAll
    if (name) all('[data-row] input[type=checkbox]').filter(box => box.name === name).forEach(box => { box.checked = event.target.checked })
    count()
  })

  // In a list: j and k move from row to row, other letters press the button of the row that carries them (data-key).
  document.addEventListener('keydown', event => {
    if (event.key === 'Enter' && !event.shiftKey && event.target.matches('[data-enter]')) {
      event.preventDefault()
      event.target.form.requestSubmit()
    }
    if (event.ctrlKey || event.metaKey || event.altKey || event.target.matches('input:not([type=checkbox]), textarea, select')) return
    const first = document.querySelector('[data-row]')
    const row = event.target.closest('[data-row]') ?? (event.target.matches('body, main') ? first : null)
    if (!row) return
    // Nobody is in the list yet: the first letter enters it.
    if (!row.contains(event.target) && 'jk'.includes(event.key)) first.querySelector('a, button, input').focus()
    else if (event.key === 'j' || event.key === 'k') {
      const rows = all('[data-row]', row.parentElement)
      rows[rows.indexOf(row) + (event.key === 'j' ? 1 : -1)]?.querySelector('a, button, input')?.focus()
    } else row.querySelector(`[data-key="${CSS.escape(event.key)}"]`)?.click()
  })

  // What is left, counted by the server's clock.
  const fill = (text, values) => text.replace(/%\((\w+)\)s/g, (_, name) => values[name])
  const span = seconds => {
    const days = Math.floor(seconds / 86400), hours = Math.floor(seconds % 86400 / 3600), minutes = Math.floor(seconds % 3600 / 60)
    const counts = [days, hours, minutes], first = counts.findIndex(Boolean)
    if (first < 0) return words.moment
    return counts.map((n, at) => n && at >= first && at < first + 2 ? fill(words.units[at], {n}) : '').filter(Boolean).join(' ')
  }
  const skew = Date.parse(document.body.dataset.now) - Date.now()
  const tick = () => {
    for (const chip of document.querySelectorAll('[data-deadline]')) {
      const end = Date.parse(chip.dataset.deadline), left = (end - Date.now() - skew) / 1000
      const total = chip.dataset.since && (end - Date.parse(chip.dataset.since)) / 1000
      const tone = left <= 0 ? 'urgent' : total && left > total / 2 ? 'calm' : left < 7200 ? 'urgent'
        : left < 86400 || total && left < total / 4 ? 'wait' : 'calm'
      const gentle = 'gentle' in chip.dataset && tone === 'urgent' ? 'wait' : tone
      chip.classList.remove('calm', 'wait', 'urgent')
      chip.classList.add(gentle)
      chip.querySelector('[data-left]').textContent = left > 0 ? fill(words.left, {time: span(left)}) : words.passed
    }
  }
  setInterval(tick, 30000)

  document.addEventListener('htmx:after:swap', () => { prepare(); tick() })
  prepare()
})()

// Pages keep themselves up to date by one event stream a browser, shared between its tabs.
(() => {
  'use strict'
  // The one door for markup; expressions in attributes and scripts in answers never run.
  const rules = {createHTML: text => text, createScript: () => ''}
  const never = () => { throw new Error('expressions are off') }
  const policy = window.trustedTypes?.createPolicy('rescind', rules) ?? rules
  htmx.registerExtension('rescind', {init: api => api.initSecurity(policy, never, never)})

  const {events, cursor, words: json} = document.body.dataset
  const words = JSON.parse(json)
  const find = name => document.querySelector(`[data-live-${name}]`)
  const note = find('note'), again = find('refresh')
  // An answered form stands where only forms are taken.
  const form = again.pathname !== location.pathname && location.pathname
  let timer, last = cursor

  const show = (text, lost) => {
    clearTimeout(timer)
    note.textContent = text
    note.hidden = !text
    again.hidden = !lost
    if (text && !lost) timer = setTimeout(show, 8000, '')
  }

  // One request an address.
  const refresh = async order => {
    const due = new Map()
    for (const {id, dataset} of document.querySelectorAll('[data-live]')) {
      // What one was told changes the list of it alone.
      if (!id || (order && dataset.live !== order && (dataset.live !== '*' || order === 'notices'))) continue
      const src = dataset.liveSrc || (location.pathname === form ? again : location).href
      due.set(src, [...due.get(src) ?? [], id])
    }
    const here = id => document.getElementById(id)
    for (const [src, ids] of due) {
      // What is read out is what has changed, not what was merely read again.
      const telling = ids.filter(id => here(id)?.dataset.liveSay), before = telling.map(id => here(id).textContent)
      const busy = on => ids.forEach(id => here(id)?.toggleAttribute('aria-busy', on))
      busy(true)
      try {
        const answer = await fetch(src, {headers: {'HX-Request': 'true'}})
        if (!answer.ok || answer.redirected) throw new Error(answer.status)
        const text = await answer.text()
        for (const id of ids) {
          const at = '#' + CSS.escape(id)
          if (document.querySelector(at))
            await htmx.swap({text, target: at, select: at, swap: 'outerMorph ignoreTitle:true', sourceElement: document.body})
        }
        show(words.updated)
        const moved = telling.find((id, n) => here(id)?.textContent !== before[n])
        find('status').textContent = here(moved)?.dataset.liveSay || words.updated
      } catch {
        show(words.lost, true)
      }
      busy(false)
    }
  }

  // Many events in a moment are one refresh.
  const waiting = new Set()
  const receive = message => {
    if (message.id) last = message.id
    if ('up' in message) {
      clearTimeout(timer)
      if (message.up) { if (!again.hidden) refresh().then(() => { again.hidden = true }) }
      else timer = setTimeout(show, 3000, words.lost, true)
      return
    }
    document.dispatchEvent(new CustomEvent('rescind:event', {detail: message}))
    if (!waiting.size) setTimeout(() => {
      const orders = [...waiting]
      waiting.clear()
      orders.includes('') ? refresh() : orders.forEach(refresh)
    }, 40)
    waiting.add(message.reset ? '' : message.order ?? '')
  }

  if (events) {
    const channel = new BroadcastChannel('rescind' + events)
    channel.onmessage = ({data}) => receive(data)
    const tell = message => { channel.postMessage(message); receive(message) }
    let leave
    const lead = () => {
      const stop = new AbortController()
      leave = () => stop.abort()
      navigator.locks.request('rescind' + events, {signal: stop.signal}, () => new Promise(done => {
        const source = new EventSource(events + (last ? (events.includes('?') ? '&' : '?') + 'after=' + encodeURIComponent(last) : ''))
        leave = () => { source.close(); done() }
        source.onopen = () => tell({up: true})
        source.onerror = () => {
          tell({up: false})
          if (source.readyState === EventSource.CLOSED) { done(); setTimeout(lead, 5000) }
        }
        source.onmessage = ({data, lastEventId}) => tell({...JSON.parse(data), id: lastEventId})
        source.addEventListener('reset', () => { last = ''; tell({reset: true}) })
      })).catch(() => {})
    }
    document.addEventListener('visibilitychange', () => {
      if (document.hidden) leave()
      else { lead(); refresh() }
    })
    if (!document.hidden) lead()
    else leave = () => {}
  }
})()

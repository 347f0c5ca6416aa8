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
  let timer, losing, polling, retrying, closed, leaving, failures = 0, last = cursor
  // What could not be read, and how it was answered. It stays said until that address was read, whatever else was.
  const missed = new Map()

  const show = (text, lost) => {
    clearTimeout(timer)
    note.textContent = text
    note.hidden = !text
    again.hidden = !lost
    if (text && !lost) timer = setTimeout(show, 8000, '')
  }

  // Whoever is not signed in here any more sees nothing more of it, and is led to where one signs in. Words that were not
  // sent stay, to be copied.
  addEventListener('beforeunload', () => { leaving = true })
  const close = () => {
    if (closed) return
    closed = true
    const typed = [...document.querySelectorAll('textarea')].filter(one => one.value !== one.defaultValue)
    document.querySelector('header').remove()
    document.querySelector('main').replaceChildren(...typed)
    document.title = 'Rescind'
    show(words.signed_out, true)
    if (!typed.length && !leaving) location.replace(again.href)
  }

  const tell = quiet => {
    const answers = [...missed.values()]
    if (answers.includes(401)) close()
    else if (answers.includes(403)) show(words.signed_out, true)
    else if (answers.length) show(words.lost, true)
    else if (polling) show(words.polled, true)
    else if (!quiet || !again.hidden) show(words.updated)
  }

  // Many pages that lost the same server do not come back in the same moment.
  const retry = () => {
    clearTimeout(retrying)
    if (!missed.size) failures = 0
    else retrying = setTimeout(() => document.hidden || refresh(), Math.min(60000, 2000 * 2 ** failures++) * (1 + Math.random()) / 2)
  }

  // Whoever is led elsewhere is led to where one signs in.
  const headers = {headers: {'HX-Request': 'true'}}
  const statusOf = answer => answer.redirected ? 401 : answer.status

  // One request an address. quiet: something was seen, which is shown and not read out.
  const refresh = async (order, quiet) => {
    if (closed) return
    const due = new Map()
    for (const {id, dataset} of document.querySelectorAll('[data-live]')) {
      // What one was told or has not read changes it alone.
      const others = dataset.live !== '*' || ['notices', 'messages'].includes(order)
      if (!id || (order && dataset.live !== order && others)) continue
      const src = dataset.liveSrc || (location.pathname === form ? again : location).href
      due.set(src, [...due.get(src) ?? [], id])
    }
    // Of all that is read anew, nothing else is on the page any more.
    if (!order) for (const src of missed.keys()) due.has(src) || missed.delete(src)
    const here = id => document.getElementById(id)
    let news
    for (const [src, ids] of due) {
      // What is read out is what has changed, not what was merely read again.
      const telling = ids.filter(id => here(id)?.dataset.liveSay), before = telling.map(id => here(id).textContent)
      const busy = on => ids.forEach(id => here(id)?.toggleAttribute('aria-busy', on))
      let status = 0
      busy(true)
      try {
        const answer = await fetch(src, headers)
        status = statusOf(answer)
        if (!answer.ok || answer.redirected) throw new Error(status)
        const text = await answer.text()
        for (const id of ids) {
          const at = '#' + CSS.escape(id)
          if (document.querySelector(at))
            await htmx.swap({text, target: at, select: at, swap: 'outerMorph ignoreTitle:true', sourceElement: document.body})
        }
        missed.delete(src)
        news ||= here(telling.find((id, n) => here(id)?.textContent !== before[n]))?.dataset.liveSay
      } catch {
        missed.set(src, status)
      }
      busy(false)
    }
    if (!quiet && (news || !polling && !missed.size)) find('status').textContent = news || words.updated
    tell(quiet)
    retry()
  }

  // While the stream is down the page is read again from time to time: later than at once, and nothing is missed.
  const poll = on => {
    clearInterval(polling)
    polling = on && setInterval(() => document.hidden || refresh(), 20000)
  }

  // Many events in a moment are one refresh.
  const waiting = new Map()
  const receive = message => {
    if (closed) return
    if (message.ended) return close()
    if (message.id) last = message.id
    if ('up' in message) {
      if (message.up) {
        losing = clearTimeout(losing)
        poll(false)
        if (!again.hidden) refresh()
      } else losing ??= setTimeout(() => { show(words.lost, true); poll(true) }, 3000)
      return
    }
    document.dispatchEvent(new CustomEvent('rescind:event', {detail: message}))
    if (!waiting.size) setTimeout(() => {
      const orders = [...waiting]
      waiting.clear()
      const all = orders.find(([order]) => !order)
      for (const [order, quiet] of all ? [all] : orders) refresh(order, quiet)
    }, 40)
    const about = message.reset ? '' : message.order ?? '', quiet = message.type === 'MessagesSeen'
    waiting.set(about, quiet && waiting.get(about) !== false)
    if (/^(Message|Offer)/.test(message.type)) waiting.set('messages', true)
  }

  if (events) {
    // Only pages of a secure address have locks. Without them each tab in sight has a stream, and no other needs telling.
    const {locks} = navigator
    const channel = locks && new BroadcastChannel('rescind' + events)
    if (channel) channel.onmessage = ({data}) => receive(data)
    const spread = message => { channel?.postMessage(message); receive(message) }
    const inTurn = (signal, work) => locks ? locks.request('rescind' + events, {signal}, work) : work()
    let leave
    const lead = () => {
      if (closed) return
      const stop = new AbortController()
      leave = () => stop.abort()
      inTurn(stop.signal, () => new Promise(done => {
        const source = new EventSource(events + (last ? (events.includes('?') ? '&' : '?') + 'after=' + encodeURIComponent(last) : ''))
        leave = () => { source.close(); done() }
        source.onopen = () => spread({up: true})
        source.onerror = async () => {
          spread({up: false})
          if (source.readyState !== EventSource.CLOSED) return
          done()
          // A stream does not tell why it was refused; the page does.
          if (await fetch(again.href, headers).then(statusOf, () => 0) === 401) spread({ended: true})
          else setTimeout(lead, 5000)
        }
        source.onmessage = ({data, lastEventId}) => spread({...JSON.parse(data), id: lastEventId})
        // The others are told before one of them takes its turn.
        source.addEventListener('ended', () => { source.close(); spread({ended: true}); setTimeout(done, 1000) })
        source.addEventListener('reset', () => { last = ''; spread({reset: true}) })
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

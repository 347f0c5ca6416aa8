// What a test asks of a page. Given to every page of the browser's tests before its own scripts.
(() => {
  const all = (selector, root = document) => [...root.querySelectorAll(selector)]
  const html = one => one.outerHTML.replace(/\s+/g, ' ').slice(0, 200)

  // A violation of the content policy is said aloud, so that it counts like any other complaint.
  document.addEventListener('securitypolicyviolation', event =>
    console.error(`content policy: ${event.violatedDirective} ${event.blockedURI} ${event.sample}`))

  window.look = {
    // The rules of axe-core: what breaks them, and what it cannot decide by itself.
    async rules(tags) {
      const sheet = document.querySelector('[popover]:popover-open')
      // A sheet paints its own ground. axe compares what lies under each line of a text all the way down, and decides
      // nothing where the page below differs from line to line; so the page below is not there while it looks.
      const below = sheet && document.body.style
      if (sheet) [below.visibility, sheet.style.visibility] = ['hidden', 'visible']
      const found = await axe.run(sheet ?? document, {runOnly: tags, preload: false, resultTypes: ['violations', 'incomplete']})
      if (sheet) [below.visibility, sheet.style.visibility] = ['', '']
      const short = rules => rules.flatMap(rule => rule.nodes.map(({html, any, all, none}) =>
        [rule.id, html.slice(0, 200), [...any, ...all, ...none].map(check => check.message).join('; ')]))
      return [short(found.violations), short(found.incomplete)]
    },

    tooWide() {
      const {scrollWidth, clientWidth} = document.documentElement
      // A fraction of a pixel is rounded up.
      if (scrollWidth <= clientWidth + 1) return []
      // What scrolls by itself widens nothing but itself.
      const scrolls = one => one && (getComputedStyle(one).overflowX !== 'visible' || scrolls(one.parentElement))
      const beyond = one => one.getBoundingClientRect().right > clientWidth + 1 && !scrolls(one.parentElement)
      const found = all('body *').filter(beyond)
      return (found.length ? found : [document.body]).slice(0, 3).map(html)
    },

    // Links within a sentence are left out, as the standard does; a choice is pressed anywhere in its row.
    tooSmall(least) {
      return all('a[href], button, input, select, textarea, summary').filter(one => {
        if (!one.checkVisibility({visibilityProperty: true}) || one.closest('.visually-hidden, .skip')) return false
        const around = one.closest('p, li, dd, td')
        const inline = getComputedStyle(one).display === 'inline'
        if (inline && around && around.textContent.trim() !== one.textContent.trim()) return false
        const {width, height} = (one.closest('.choice') ?? one).getBoundingClientRect()
        return width < least - 0.5 || height < least - 0.5
      }).map(html)
    },

    // Words of a button that hang above or below its middle, or break where there is room for a line.
    crooked: () => all('.button').filter(one => {
      const words = one.querySelector('span:not(.visually-hidden)')
      if (!words || !one.checkVisibility({visibilityProperty: true})) return false
      const middle = ({top, bottom}) => (top + bottom) / 2
      const [outer, inner] = [one.getBoundingClientRect(), words.getBoundingClientRect()]
      const lines = inner.height / parseFloat(getComputedStyle(words).lineHeight)
      return Math.abs(middle(outer) - middle(inner)) > 2 || lines > 1.5
    }).map(html),

    // As a reader does who enlarges the text alone.
    doubleText() {
      const sizes = all('body *').map(one => [one, getComputedStyle(one)])
        .map(([one, style]) => [one, parseFloat(style.fontSize), parseFloat(style.lineHeight)])
      for (const [one, size, line] of sizes) {
        one.style.fontSize = `${size * 2}px`
        if (line) one.style.lineHeight = `${line * 2}px`
      }
    },

    // Where nothing but colour shows the end of a thing.
    borderless: selector => all(selector)
      .filter(one => one.checkVisibility() && parseFloat(getComputedStyle(one).borderTopWidth) < 1).map(html),

    moving: () => document.getAnimations().filter(one => one.effect.getTiming().duration > 1).length,

    // The focus as somebody sees it who has only a keyboard. before: the element that had it a key ago.
    focus() {
      const one = document.activeElement
      if (!one || one === document.body) return {name: '', faults: []}
      const faults = []
      const ring = getComputedStyle(one)
      if (ring.outlineStyle === 'none' || parseFloat(ring.outlineWidth) < 2) faults.push('no ring of 2 px')
      const box = one.getBoundingClientRect()
      const at = [box.left + box.width / 2, box.top + Math.min(box.height, innerHeight) / 2]
      const top = document.elementFromPoint(...at)
      const mine = top && (one.contains(top) || top.contains(one) || [...one.labels ?? []].some(label => label.contains(top)))
      if (!mine) faults.push(`covered by ${top ? html(top) : 'the edge of the screen'}`)
      if (one.tabIndex > 0) faults.push('an order of its own')
      const before = window.look.last
      if (before?.isConnected && before !== one && before.compareDocumentPosition(one) & Node.DOCUMENT_POSITION_PRECEDING)
        faults.push(`comes before ${html(before)}`)
      window.look.last = one
      return {name: (one.innerText || one.labels?.[0]?.innerText || one.name || '').trim(), faults, html: html(one)}
    },
  }
})()

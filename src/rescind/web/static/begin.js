// Offers the likeliest time zone until somebody has chosen one: the policy's, or the reader's own where it has none.
(() => {
  'use strict'
  const preset = document.querySelector('#preset'), zone = document.querySelector('#zone')
  if (!preset || !zone) return
  const zones = JSON.parse(preset.dataset.zones)
  let chosen = 'chosen' in zone.dataset
  const offer = () => {
    const likely = zones[preset.value] || Intl.DateTimeFormat().resolvedOptions().timeZone
    if (!chosen && [...zone.options].some(one => one.value === likely)) zone.value = likely
  }
  zone.addEventListener('change', () => { chosen = true })
  preset.addEventListener('change', offer)
  offer()
})()

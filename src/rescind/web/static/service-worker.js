// Shows what is told while no page is open, and leads to where it is done.
'use strict'
addEventListener('install', () => skipWaiting())
addEventListener('activate', event => event.waitUntil(clients.claim()))

addEventListener('push', event => {
  const {title, body, url, tag, lang} = event.data.json()
  event.waitUntil(registration.showNotification(title, {body, tag, lang, icon: '/static/mark.svg', data: {url}}))
})

addEventListener('notificationclick', event => {
  event.notification.close()
  // Within this site and nowhere else, whatever a message says.
  const to = new URL(event.notification.data.url, location.origin)
  if (to.origin !== location.origin) return
  event.waitUntil((async () => {
    const open = (await clients.matchAll({type: 'window'})).find(one => one.url === to.href)
    return open ? open.focus() : clients.openWindow(to.href)
  })())
})

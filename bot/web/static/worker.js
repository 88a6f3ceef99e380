// The service worker: what was seen once also works without a network. Nothing is asked for but what the page asks for.
//
// Kept are the last tunes that were seen here, with their sheets and recordings, and the pages' scripts and styles. With a network every
// page and file comes from there, and a tune that this visitor may no longer see is forgotten.

const worker = /** @type {ServiceWorkerGlobalScope} */ (/** @type {unknown} */ (self));
const PAGES = "pages";
const STATIC = "static";
const OFFLINE = "/offline";
const MOST_TUNES = 30;
const MOST_STATIC = 150;
const TUNE = /^\/tunes\/([0-9A-Za-z]{12})(?:\/files\/[^/]+)?$/;
const KEPT_PAGES = ["/", "/gallery", OFFLINE];

worker.addEventListener("install", (event) => {
  worker.skipWaiting();
  event.waitUntil(keep([OFFLINE]));
});
worker.addEventListener("activate", (event) => event.waitUntil(worker.clients.claim()));
worker.addEventListener("message", (event) => event.waitUntil(keep(event.data.keep ?? [])));
worker.addEventListener("fetch", (event) => {
  const { request } = event;
  const { origin, pathname, search } = new URL(request.url);
  if (request.method !== "GET" || origin !== location.origin || request.headers.has("Range")) return;
  if (pathname.startsWith("/static/")) event.respondWith(fromCache(request));
  else if (TUNE.test(pathname) || (KEPT_PAGES.includes(pathname) && !search)) event.respondWith(fromNetwork(request));
  else if (request.mode === "navigate") event.respondWith(fetch(request).catch(async () => (await kept(OFFLINE)) ?? Response.error()));
});

/** Files whose addresses change with their contents. @param {Request} request */
async function fromCache(request) {
  return (await caches.match(request.url, { cacheName: STATIC, ignoreVary: true })) ?? store(STATIC, await fetch(request));
}

/** @param {Request} request */
async function fromNetwork(request) {
  let response;
  try {
    response = await fetch(request);
  } catch {
    return (await kept(request.url)) ?? (request.mode === "navigate" ? ((await kept(OFFLINE)) ?? Response.error()) : Response.error());
  }
  const tune = TUNE.exec(new URL(request.url).pathname);
  if (tune && [403, 404].includes(response.status)) await forget(tune[1]);
  return store(PAGES, response);
}

/** @param {string} address */
function kept(address) {
  return caches.match(address, { cacheName: PAGES, ignoreVary: true });
}

/** Keeps a whole response, and passes it on. @param {string} name @param {Response} response */
async function store(name, response) {
  if (response.status !== 200 || response.redirected) return response;
  const cache = await caches.open(name);
  const copy = response.clone();
  await cache.delete(response.url, { ignoreVary: true }); // so that the latest are last
  await cache.put(response.url, copy).catch(() => {}); // no room on the device
  await tidy(name, cache);
  return response;
}

/** Loads what is not kept yet. @param {string[]} addresses */
async function keep(addresses) {
  for (const address of addresses) {
    const name = address.startsWith("/static/") ? STATIC : PAGES;
    if (await caches.match(address, { cacheName: name, ignoreVary: true })) continue;
    try {
      await store(name, await fetch(address));
    } catch {
      return; // no network
    }
  }
}

/** Removes the tunes, or files, that were seen longest ago. @param {string} name @param {Cache} cache */
async function tidy(name, cache) {
  const addresses = (await cache.keys()).map((request) => request.url);
  if (name === STATIC) {
    for (const address of addresses.slice(0, -MOST_STATIC)) await cache.delete(address);
    return;
  }
  const tunes = [...new Set(addresses.reverse().map((address) => TUNE.exec(new URL(address).pathname)?.[1]))].filter(Boolean);
  for (const tune of tunes.slice(MOST_TUNES)) await forget(/** @type {string} */ (tune));
}

/** @param {string} tune */
async function forget(tune) {
  const cache = await caches.open(PAGES);
  for (const request of await cache.keys()) {
    if (TUNE.exec(new URL(request.url).pathname)?.[1] === tune) await cache.delete(request);
  }
}

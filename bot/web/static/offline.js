// Keeps the tunes that are seen, for use without a network, and lists what is kept. Browsers allow it only on secure addresses.

/** Asks the service worker to keep a tune's page with its recording, unless the visitor saves data. @param {HTMLElement} room */
async function keepTune(room) {
  const worker = (await navigator.serviceWorker.ready).active;
  const { mp3, timeMap, sheet, narrow } = room.dataset;
  const loaded = performance.getEntriesByType("resource").map((entry) => new URL(entry.name).pathname);
  const files = [timeMap, sheet, narrow, .../** @type {any} */ (navigator).connection?.saveData ? [] : [mp3]];
  worker?.postMessage({ keep: [location.pathname, ...loaded.filter((path) => path.startsWith("/static/")), ...files.filter(Boolean)] });
}

/** @param {HTMLElement} list */
async function listKept(list) {
  const cache = await caches.open("pages");
  const pages = (await cache.keys()).map((request) => request.url).filter((address) => /\/tunes\/\w+$/.test(address));
  for (const address of pages) {
    const text = (await (await cache.match(address, { ignoreVary: true }))?.text()) ?? "";
    const title = new DOMParser().parseFromString(text, "text/html").querySelector("h1")?.textContent ?? address;
    const item = list.appendChild(document.createElement("li"));
    const link = item.appendChild(document.createElement("a"));
    [link.href, link.textContent] = [address, title];
  }
  const forget = /** @type {HTMLElement} */ (document.querySelector("[data-forget]"));
  forget.hidden = !pages.length;
  forget.addEventListener("click", async () => {
    await caches.delete("pages");
    list.replaceChildren();
    forget.hidden = true;
    const told = /** @type {HTMLElement} */ (document.querySelector("[data-forgotten]"));
    told.textContent = told.dataset.forgotten ?? "";
  });
}

if ("serviceWorker" in navigator) {
  navigator.serviceWorker.register("/worker.js").catch(() => {
    // Cookies are blocked, or it is a private window: the pages need a network.
  });
  const room = document.querySelector("[data-time-map]");
  if (room instanceof HTMLElement) keepTune(room);
  const list = document.querySelector("[data-kept]");
  if (list instanceof HTMLElement) listKept(list);
}

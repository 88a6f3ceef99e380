// Progress of an unfinished tune without reloading the page.

const POLL_MS = 3000;
/** @typedef {{ status: string, message: string, bars: number }} Progress */

/** @param {HTMLElement} page */
function follow(page) {
  const { tune: address, away = "" } = page.dataset;
  const message = /** @type {Element} */ (page.querySelector("[data-message]"));
  const bars = /** @type {Element} */ (page.querySelector("[data-bars]"));
  const candidate = /** @type {HTMLElement | null} */ (page.querySelector("[data-candidate]"));
  /** @type {NodeListOf<HTMLSourceElement | HTMLImageElement>} */
  const drawings = page.querySelectorAll("[data-drawing]");
  let drawn = "";

  const say = (/** @type {string} */ text, lost = false) => {
    // Only on a change, or a screen reader would repeat the message with every bar.
    if (message.textContent !== text) message.textContent = document.title = text;
    message.classList.toggle("away", lost);
  };
  const draw = (/** @type {string} */ state) => {
    if (state === drawn) return;
    drawn = state;
    // The old drawing stays until the new one is loaded.
    for (const drawing of drawings) {
      const file = `${address}/draft.svg?at=${state}&${drawing.dataset.drawing}`;
      if (drawing instanceof HTMLSourceElement) drawing.srcset = file;
      else drawing.src = file;
    }
  };
  const show = (/** @type {Progress} */ progress) => {
    if (progress.status === "finished" || progress.status === "failed") {
      location.reload();
      return true;
    }
    say(progress.message);
    bars.textContent = String(progress.bars);
    if (candidate) candidate.hidden = progress.status !== "composing";
    draw(`${progress.bars}-${progress.status}`);
    return false;
  };
  const poll = async () => {
    try {
      const response = await fetch(`${address}.json`);
      if (response.status === 404) return location.reload(); // deleted
      if (response.ok && show(await response.json())) return;
      if (!response.ok) say(away, true);
    } catch {
      say(away, true);
    }
    setTimeout(poll, POLL_MS);
  };

  const events = new EventSource(`${address}/events`);
  events.addEventListener("progress", (event) => {
    if (show(JSON.parse(event.data))) events.close();
  });
  events.addEventListener("error", () => {
    if (events.readyState === EventSource.CLOSED) return poll();
    // The browser connects again. A proxy may have ended an idle connection, so look whether the server is really away.
    fetch(`${address}.json`).catch(() => say(away, true));
  });
  addEventListener("pagehide", () => events.close());
}

// Restored from the back-forward cache, its connection is closed.
addEventListener("pageshow", (event) => {
  if (event.persisted) location.reload();
});
/** @type {NodeListOf<HTMLElement>} */
const pages = document.querySelectorAll("section[data-tune]");
pages.forEach(follow);

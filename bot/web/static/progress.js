// Progress of an unfinished tune without reloading the page.

const POLL_MS = 3000;
const MAX_BARS = 64; // drawn on the stave

function follow(page) {
  const address = page.dataset.tune;
  const message = page.querySelector("[data-message]");
  const bars = page.querySelector("[data-bars]");
  const stave = page.querySelector("[data-stave]");

  const show = (progress) => {
    if (progress.status === "finished" || progress.status === "failed") {
      location.reload();
      return true;
    }
    // Only on a change, or a screen reader would repeat the message with every bar.
    if (message.textContent !== progress.message) message.textContent = document.title = progress.message;
    bars.textContent = progress.bars;
    while (stave.children.length > progress.bars) stave.lastChild.remove();
    while (stave.children.length < Math.min(progress.bars, MAX_BARS)) stave.append(document.createElement("li"));
    return false;
  };
  const poll = async () => {
    try {
      const response = await fetch(`${address}.json`);
      if (response.status === 404) return location.reload(); // deleted
      if (response.ok && show(await response.json())) return;
    } catch {
      // No connection: try again.
    }
    setTimeout(poll, POLL_MS);
  };

  const events = new EventSource(`${address}/events`);
  events.addEventListener("progress", (event) => {
    if (show(JSON.parse(event.data))) events.close();
  });
  events.addEventListener("error", () => {
    if (events.readyState === EventSource.CLOSED) poll();
  });
  addEventListener("pagehide", () => events.close());
}

// Restored from the back-forward cache, its connection is closed.
addEventListener("pageshow", (event) => {
  if (event.persisted) location.reload();
});
document.querySelectorAll("[data-tune]").forEach(follow);

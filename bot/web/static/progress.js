// Progress of an unfinished tune without reloading the page.

const POLL_MS = 3000;
const AWAY = "The server doesn't answer at the moment. Your tune is stored there; this page goes on when the server is back.";

function follow(page) {
  const address = page.dataset.tune;
  const message = page.querySelector("[data-message]");
  const bars = page.querySelector("[data-bars]");
  const candidate = page.querySelector("[data-candidate]");
  const drawings = page.querySelectorAll("[data-drawing]");
  let drawn = "";

  const say = (text, away = false) => {
    // Only on a change, or a screen reader would repeat the message with every bar.
    if (message.textContent !== text) message.textContent = document.title = text;
    message.classList.toggle("away", away);
  };
  const draw = (state) => {
    if (state === drawn) return;
    drawn = state;
    // The old drawing stays until the new one is loaded.
    for (const drawing of drawings) {
      drawing[drawing.tagName === "SOURCE" ? "srcset" : "src"] = `${address}/draft.svg?at=${state}&${drawing.dataset.drawing}`;
    }
  };
  const show = (progress) => {
    if (progress.status === "finished" || progress.status === "failed") {
      location.reload();
      return true;
    }
    say(progress.message);
    bars.textContent = progress.bars;
    if (candidate) candidate.hidden = progress.status !== "composing";
    draw(`${progress.bars}-${progress.status}`);
    return false;
  };
  const poll = async () => {
    try {
      const response = await fetch(`${address}.json`);
      if (response.status === 404) return location.reload(); // deleted
      if (response.ok && show(await response.json())) return;
      if (!response.ok) say(AWAY, true);
    } catch {
      say(AWAY, true);
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
    fetch(`${address}.json`).catch(() => say(AWAY, true));
  });
  addEventListener("pagehide", () => events.close());
}

// Restored from the back-forward cache, its connection is closed.
addEventListener("pageshow", (event) => {
  if (event.persisted) location.reload();
});
document.querySelectorAll("[data-tune]").forEach(follow);

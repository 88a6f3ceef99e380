// Improves the pages: everything also works without scripts.

const POLL_MS = 3000;
const MAX_BARS = 64; // drawn on the stave

function renewTokens() {
  // A page restored from the back-forward cache would send a token that was already accepted.
  const token = Array.from(crypto.getRandomValues(new Uint8Array(16)), (byte) => byte.toString(16).padStart(2, "0")).join("");
  for (const input of document.querySelectorAll('input[name="token"]')) input.value = token;
}

function fillExample(link) {
  link.addEventListener("click", (event) => {
    event.preventDefault();
    for (const [name, value] of Object.entries(JSON.parse(link.dataset.fill))) document.getElementById(name).value = value;
    document.getElementById("opening").focus();
  });
}

function offerCopy(button) {
  const source = document.getElementById(button.dataset.copy);
  const status = document.querySelector("[data-copied]");
  button.hidden = false;
  button.addEventListener("click", async () => {
    try {
      await navigator.clipboard.writeText(source.textContent);
      status.textContent = "Copied.";
    } catch {
      // No secure context or no permission: select the text, so that the visitor can copy it with the keyboard.
      getSelection().selectAllChildren(source);
      status.textContent = "Selected. Copy it with the keyboard.";
    }
  });
}

function likeInPlace(form) {
  // Without loading a page, which would stop the recording.
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    try {
      const headers = { Accept: "application/json" };
      const response = await fetch(form.action, { method: "POST", headers, body: new URLSearchParams(new FormData(form)) });
      if (!response.ok) throw new Error(response.statusText);
      const { liked, likes } = await response.json();
      form.elements.liked.value = liked ? "no" : "yes";
      form.querySelector("button").setAttribute("aria-pressed", liked);
      form.querySelector("[data-likes]").textContent = likes;
    } catch {
      form.submit(); // the page that loads explains the error
    }
  });
}

function pauseOthers(playing) {
  for (const audio of document.querySelectorAll("audio")) if (audio !== playing) audio.pause();
}

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

async function highlightNotes(sheet) {
  // Replaces the image by an inline SVG and marks the notes that are sounding.
  const audio = document.querySelector("audio");
  const responses = await Promise.all([fetch(sheet.dataset.sheet), fetch(sheet.dataset.timeMap)]);
  if (!responses.every((response) => response.ok)) return;
  const [drawing, timeMap] = [await responses[0].text(), await responses[1].json()];
  const image = sheet.querySelector("img");
  const svg = document.importNode(new DOMParser().parseFromString(drawing, "image/svg+xml").documentElement, true);
  svg.setAttribute("role", "img");
  svg.setAttribute("aria-label", image.alt);
  image.replaceWith(svg);

  let sounding = [];
  const show = (ms) => {
    const next = timeMap.findIndex((entry) => entry.onset_ms > ms);
    const entry = timeMap[(next < 0 ? timeMap.length : next) - 1];
    const id = entry && `b${entry.bar}n${entry.note}`;
    const notes = entry ? [...svg.querySelectorAll(`[id="${id}"], [id^="${id}-"]`)] : []; // tied notes have several parts
    if (notes[0] === sounding[0]) return;
    for (const note of sounding) note.classList.remove("sounding");
    for (const note of notes) note.classList.add("sounding");
    sounding = notes;
  };
  let frame = 0;
  const follow = () => {
    cancelAnimationFrame(frame);
    show(audio.ended ? -1 : 1000 * audio.currentTime);
    if (!audio.paused) frame = requestAnimationFrame(follow);
  };
  for (const event of ["play", "seeked", "ended"]) audio.addEventListener(event, follow);
  follow();
}

addEventListener("pageshow", (event) => {
  if (!event.persisted) return;
  renewTokens();
  if (document.querySelector("[data-tune]")) location.reload();
});
document.querySelectorAll("[data-fill]").forEach(fillExample);
document.querySelectorAll("[data-like]").forEach(likeInPlace);
document.querySelectorAll("audio").forEach((audio) => audio.addEventListener("play", () => pauseOthers(audio)));
document.querySelectorAll("[data-copy]").forEach(offerCopy);
document.querySelectorAll("[data-tune]").forEach(follow);
document.querySelectorAll("[data-time-map]").forEach((sheet) => {
  document.querySelector("audio").addEventListener("play", () => highlightNotes(sheet), { once: true });
});

// What the page does beyond plain HTML; everything works, more slowly, without it.

const POLL_MS = 3000;
const MOST_BARS = 64;

function renewTokens() {
  // A page that comes back from the browser's memory would hand in the form that was accepted before.
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
  const said = document.querySelector("[data-copied]");
  button.hidden = false;
  button.addEventListener("click", async () => {
    try {
      await navigator.clipboard.writeText(source.textContent);
      said.textContent = "Copied.";
    } catch {
      // Not a secure address, or not allowed: the text is selected, ready for the keyboard.
      getSelection().selectAllChildren(source);
      said.textContent = "Selected; copy it with the keyboard.";
    }
  });
}

function likeInPlace(form) {
  // Without leaving the page, or a tune that is being listened to would fall silent.
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    try {
      const headers = { Accept: "application/json" };
      const answer = await fetch(form.action, { method: "POST", headers, body: new URLSearchParams(new FormData(form)) });
      if (!answer.ok) throw new Error(answer.statusText);
      const now = await answer.json();
      form.elements.liked.value = now.liked ? "no" : "yes";
      form.querySelector("button").setAttribute("aria-pressed", now.liked);
      form.querySelector("[data-likes]").textContent = now.likes;
    } catch {
      form.submit(); // the page that comes says what is the matter
    }
  });
}

function silenceOthers(playing) {
  for (const audio of document.querySelectorAll("audio")) if (audio !== playing) audio.pause();
}

function follow(page) {
  const address = page.dataset.tune;
  const sentence = page.querySelector("[data-sentence]");
  const bars = page.querySelector("[data-bars]");
  const stave = page.querySelector("[data-stave]");

  const show = (now) => {
    if (now.status === "finished" || now.status === "failed") {
      location.reload();
      return true;
    }
    // Only what is new is written, or a screen reader would say the same again with every bar.
    if (sentence.textContent !== now.sentence) sentence.textContent = document.title = now.sentence;
    bars.textContent = now.bars;
    while (stave.children.length > now.bars) stave.lastChild.remove();
    while (stave.children.length < Math.min(now.bars, MOST_BARS)) stave.append(document.createElement("li"));
    return false;
  };
  const poll = async () => {
    try {
      const answer = await fetch(`${address}.json`);
      if (answer.status === 404) return location.reload(); // it was deleted
      if (answer.ok && show(await answer.json())) return;
    } catch {
      // No connection just now: ask again.
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

async function lightUp(sheet) {
  // The notes of the sheet while they sound: the picture gives way to the same drawing inside the page.
  const audio = document.querySelector("audio");
  const answers = await Promise.all([fetch(sheet.dataset.sheet), fetch(sheet.dataset.times)]);
  if (!answers.every((answer) => answer.ok)) return;
  const [drawing, times] = [await answers[0].text(), await answers[1].json()];
  const image = sheet.querySelector("img");
  const svg = document.importNode(new DOMParser().parseFromString(drawing, "image/svg+xml").documentElement, true);
  svg.setAttribute("role", "img");
  svg.setAttribute("aria-label", image.alt);
  image.replaceWith(svg);

  let sounding = [];
  const show = (at) => {
    const next = times.findIndex((entry) => entry.onset_ms > at);
    const entry = times[(next < 0 ? times.length : next) - 1];
    const id = entry && `b${entry.bar}n${entry.note}`;
    const now = entry ? [...svg.querySelectorAll(`[id="${id}"], [id^="${id}-"]`)] : []; // a long note may be tied together
    if (now[0] === sounding[0]) return;
    for (const note of sounding) note.classList.remove("sounding");
    for (const note of now) note.classList.add("sounding");
    sounding = now;
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
document.querySelectorAll("audio").forEach((audio) => audio.addEventListener("play", () => silenceOthers(audio)));
document.querySelectorAll("[data-copy]").forEach(offerCopy);
document.querySelectorAll("[data-tune]").forEach(follow);
document.querySelectorAll("[data-times]").forEach((sheet) => {
  document.querySelector("audio").addEventListener("play", () => lightUp(sheet), { once: true });
});

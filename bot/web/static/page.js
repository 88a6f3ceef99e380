// On every page. Loads the scripts of what the page has, once the page itself is there. The pages also work without scripts.

const PARTS = {
  "[data-ask]": "./compose.js",
  "[data-play]": "./play.js",
  "[data-editor]": "./editor.js",
  "section[data-tune]": "./progress.js",
  "[data-copy]": "./copy.js",
  "[data-time-map]": "./practice.js",
};

function renewTokens() {
  // A page restored from the back-forward cache would send a token that was already accepted.
  const token = Array.from(crypto.getRandomValues(new Uint8Array(16)), (byte) => byte.toString(16).padStart(2, "0")).join("");
  for (const input of document.querySelectorAll('input[name="token"]')) input.value = token;
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

addEventListener("pageshow", (event) => {
  if (event.persisted) renewTokens();
});
document.querySelectorAll("[data-like]").forEach(likeInPlace);
// Events of media do not bubble, but they can be captured. So recordings that are added later count too.
document.addEventListener("play", (event) => pauseOthers(event.target), { capture: true });

const scripts = Object.entries(PARTS).filter(([selector]) => document.querySelector(selector));
await Promise.all(scripts.map(([, script]) => import(script)));
import("./offline.js"); // last, since it keeps what the others have loaded

// On every page. Loads the scripts of what the page has, once the page itself is there. The pages also work without scripts.

/** @type {Record<string, string>} scripts by what they are for */
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
  /** @type {NodeListOf<HTMLInputElement>} */
  const inputs = document.querySelectorAll('input[name="token"]');
  for (const input of inputs) input.value = token;
}

/** Likes without loading a page, which would stop the recording. @param {HTMLFormElement} form */
function likeInPlace(form) {
  const wish = /** @type {HTMLInputElement} */ (form.elements.namedItem("liked"));
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    try {
      const headers = { Accept: "application/json" };
      const body = new URLSearchParams({ liked: wish.value });
      const response = await fetch(form.action, { method: "POST", headers, body });
      if (!response.ok) throw new Error(response.statusText);
      const { liked, likes } = await response.json();
      wish.value = liked ? "no" : "yes";
      /** @type {Element} */ (form.querySelector("button")).setAttribute("aria-pressed", liked);
      /** @type {Element} */ (form.querySelector("[data-likes]")).textContent = likes;
    } catch {
      form.submit(); // the page that loads explains the error
    }
  });
}

/** @param {EventTarget | null} playing */
function pauseOthers(playing) {
  for (const audio of document.querySelectorAll("audio")) if (audio !== playing) audio.pause();
}

addEventListener("pageshow", (event) => {
  if (event.persisted) renewTokens();
});
/** @type {NodeListOf<HTMLFormElement>} */
const likes = document.querySelectorAll("[data-like]");
likes.forEach(likeInPlace);
// Events of media do not bubble, but they can be captured. So recordings that are added later count too.
document.addEventListener("play", (event) => pauseOthers(event.target), { capture: true });

const scripts = Object.entries(PARTS).filter(([selector]) => document.querySelector(selector));
await Promise.all(scripts.map(([, script]) => import(script)));
import("./offline.js"); // last, since it keeps what the others have loaded

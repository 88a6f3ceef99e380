// The compose page.
import { readAlong } from "./understood.js";

/** @param {HTMLTextAreaElement} text */
function fillExamples(text) {
  /** @type {NodeListOf<HTMLElement>} */
  const links = document.querySelectorAll("[data-example]");
  for (const link of links) {
    link.addEventListener("click", (event) => {
      event.preventDefault();
      text.value = link.dataset.example ?? "";
      text.dispatchEvent(new Event("input"));
      text.focus();
    });
  }
}

/** Enter sends words; ABC has several lines. @param {HTMLTextAreaElement} text */
function sendOnEnter(text) {
  text.addEventListener("keydown", (event) => {
    const isAbc = /[\n|]|^\w:/.test(text.value);
    if (event.key !== "Enter" || event.shiftKey || event.isComposing || isAbc) return;
    event.preventDefault();
    text.form?.requestSubmit();
  });
}

/** @param {HTMLInputElement} slider */
function showValue(slider) {
  const output = /** @type {HTMLOutputElement} */ (document.querySelector(`output[for="${slider.id}"]`));
  slider.addEventListener("input", () => (output.textContent = Number(slider.value).toString()));
}

/** Links to fields open the options that contain them, and move the focus. */
function followLinksToFields() {
  document.addEventListener("click", (event) => {
    const target = /** @type {Element} */ (event.target);
    const link = /** @type {HTMLAnchorElement | null} */ (target.closest('a[href^="#"]'));
    const field = link && /** @type {HTMLInputElement | null} */ (document.getElementById(link.hash.slice(1)));
    if (!field?.form) return;
    event.preventDefault();
    const options = field.closest("details");
    if (options) options.open = true;
    field.focus();
    field.scrollIntoView({ block: "center" });
  });
}

const form = /** @type {HTMLFormElement} */ (document.querySelector("[data-ask]"));
const text = /** @type {HTMLTextAreaElement} */ (form.elements.namedItem("text"));
fillExamples(text);
sendOnEnter(text);
form.querySelectorAll('input[type="range"]').forEach((slider) => showValue(/** @type {HTMLInputElement} */ (slider)));
followLinksToFields();
readAlong(form);
/** @type {HTMLElement | null} */ (document.querySelector("#summary"))?.focus();

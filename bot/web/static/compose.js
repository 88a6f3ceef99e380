// The compose page.
import { readAlong } from "./understood.js";

function fillExamples(text) {
  for (const link of document.querySelectorAll("[data-example]")) {
    link.addEventListener("click", (event) => {
      event.preventDefault();
      text.value = link.dataset.example;
      text.dispatchEvent(new Event("input"));
      text.focus();
    });
  }
}

// Enter sends words; ABC has several lines.
function sendOnEnter(text) {
  text.addEventListener("keydown", (event) => {
    const isAbc = /[\n|]|^\w:/.test(text.value);
    if (event.key !== "Enter" || event.shiftKey || event.isComposing || isAbc) return;
    event.preventDefault();
    text.form.requestSubmit();
  });
}

function showValue(slider) {
  const output = slider.form.querySelector(`output[for="${slider.id}"]`);
  slider.addEventListener("input", () => (output.textContent = Number(slider.value).toString()));
}

// Links to fields open the options that contain them, and move the focus.
function followLinksToFields() {
  document.addEventListener("click", (event) => {
    const link = event.target.closest('a[href^="#"]');
    const field = link && document.getElementById(link.hash.slice(1));
    if (!field?.form) return;
    event.preventDefault();
    const options = field.closest("details");
    if (options) options.open = true;
    field.focus();
    field.scrollIntoView({ block: "center" });
  });
}

const form = document.querySelector("[data-ask]");
const text = form.elements.text;
fillExamples(text);
sendOnEnter(text);
form.querySelectorAll('input[type="range"]').forEach(showValue);
followLinksToFields();
readAlong(form);
document.querySelector("#summary")?.focus();

// Buttons that copy a text to the clipboard.

/** @param {HTMLButtonElement} button */
function offerCopy(button) {
  const source = /** @type {HTMLElement} */ (document.getElementById(button.dataset.copy ?? ""));
  const status = /** @type {HTMLElement} */ (document.querySelector("[data-copied]"));
  const { copied = "", selected = "" } = status.dataset;
  button.hidden = false;
  button.addEventListener("click", async () => {
    try {
      await navigator.clipboard.writeText(source.textContent ?? "");
      status.textContent = copied;
    } catch {
      // No secure context or no permission: select the text, so that the visitor can copy it with the keyboard.
      getSelection()?.selectAllChildren(source);
      status.textContent = selected;
    }
  });
}

/** @type {NodeListOf<HTMLButtonElement>} */
const buttons = document.querySelectorAll("[data-copy]");
buttons.forEach(offerCopy);

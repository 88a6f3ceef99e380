// Buttons that copy a text to the clipboard.

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

document.querySelectorAll("[data-copy]").forEach(offerCopy);

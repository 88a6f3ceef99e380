// The compose page.

function fillExample(link) {
  link.addEventListener("click", (event) => {
    event.preventDefault();
    for (const [name, value] of Object.entries(JSON.parse(link.dataset.fill))) document.getElementById(name).value = value;
    document.getElementById("opening").focus();
  });
}

document.querySelectorAll("[data-fill]").forEach(fillExample);

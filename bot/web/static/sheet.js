// The sheet music of a tune, with the sounding note marked.

async function highlightNotes(sheet) {
  // Replaces the image by an inline SVG and marks the notes that are sounding.
  const audio = document.querySelector("audio");
  const responses = await Promise.all([fetch(sheet.dataset.sheet), fetch(sheet.dataset.timeMap)]);
  if (!responses.every((response) => response.ok)) return;
  const [drawing, times] = [await responses[0].text(), await responses[1].json()];
  const timeMap = times.notes ?? times; // older tunes have notes only
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

document.querySelectorAll("[data-time-map]").forEach((sheet) => {
  document.querySelector("audio").addEventListener("play", () => highlightNotes(sheet), { once: true });
});

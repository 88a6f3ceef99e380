// A round button in place of a small player.

const PLAY = "M8 5v14l11-7z";
const PAUSE = "M7 5h4v14H7zM13 5h4v14h-4z";

function drawing(path) {
  const svg = document.createElementNS("http://www.w3.org/2000/svg", "svg");
  svg.setAttribute("viewBox", "0 0 24 24");
  svg.setAttribute("aria-hidden", "true");
  const shape = document.createElementNS("http://www.w3.org/2000/svg", "path");
  shape.setAttribute("d", path);
  svg.append(shape);
  return svg;
}

function offerButton(audio) {
  const button = document.createElement("button");
  button.type = "button";
  button.className = "round";
  audio.controls = false;
  audio.before(button);
  const show = () => {
    button.replaceChildren(drawing(audio.paused ? PLAY : PAUSE));
    button.setAttribute("aria-label", `${audio.paused ? "Play" : "Pause"} ${audio.dataset.play}`);
    audio.parentElement.classList.toggle("playing", !audio.paused);
  };
  const progress = () => button.style.setProperty("--played", `${(100 * audio.currentTime) / (audio.duration || 1)}%`);
  button.addEventListener("click", () => (audio.paused ? audio.play().catch(show) : audio.pause()));
  for (const event of ["play", "pause", "ended", "error"]) audio.addEventListener(event, show);
  audio.addEventListener("timeupdate", progress);
  show();
}

document.querySelectorAll("audio[data-play]").forEach(offerButton);

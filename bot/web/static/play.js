// Round buttons that play a recording.

/** @param {HTMLButtonElement} button */
function offer(button) {
  const { play: address, playing: pause } = /** @type {{ play: string, playing: string }} */ (button.dataset);
  const play = button.ariaLabel;
  /** @type {HTMLAudioElement | undefined} */
  let audio;

  const show = () => {
    const playing = Boolean(audio && !audio.paused);
    button.ariaLabel = playing ? pause : play;
    button.classList.toggle("playing", playing);
  };
  const start = () => {
    if (!audio) {
      audio = new Audio(address);
      const { style } = button;
      const heard = audio;
      for (const event of ["play", "pause", "ended", "error"]) audio.addEventListener(event, show);
      audio.addEventListener("timeupdate", () => style.setProperty("--played", `${(100 * heard.currentTime) / (heard.duration || 1)}%`));
      button.after(audio); // part of the page, so that it pauses when another one plays
    }
    audio.play().catch(show);
  };
  button.addEventListener("click", () => (audio && !audio.paused ? audio.pause() : start()));
}

/** @type {NodeListOf<HTMLButtonElement>} */
const buttons = document.querySelectorAll("button[data-play]");
buttons.forEach(offer);

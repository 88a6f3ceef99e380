// The practice bar of a tune's page. Without scripts, or where it cannot work, the browser's own player stays.

import { listenToKeys } from "./practice/keys.js";
import { Recordings, get } from "./practice/recordings.js";
import { Sheet } from "./practice/sheet.js";
import { store, stored } from "./practice/settings.js";
import { KINDS, addRows } from "./practice/tablature.js";
import { Times } from "./practice/times.js";
import { Transport } from "./practice/transport.js";

const STEP = 0.05; // of the speed, with a key or a button
const NARROW = matchMedia("(max-width: 40rem)");
const PICTURE_S = 0.016; // until the screen shows what is drawn now
const FIRST_S = 0.02; // what sounds so soon after the start is lit while nothing plays: a player may be late
const IDLE_MS = 3000; // after the visitor has scrolled, the sheet stays where it is

class Practice {
  /** @type {Times} */
  times;
  /** @type {Times | undefined} of the tune's own recording */
  ownTimes;
  /** @type {Sheet} */
  sheet;
  /** @type {Transport} */
  transport;
  /** @type {import("./practice/recordings.js").Files | undefined} of the version that is heard */
  files;

  /** @param {HTMLElement} room @param {Times} times */
  constructor(room, times) {
    this.room = room;
    this.times = times;
    this.sheet = new Sheet(this.find("[data-sheet-frame]"), /** @type {HTMLImageElement} */ (room.querySelector("img")).alt);
    this.data = /** @type {Record<string, string>} */ ({ ...room.dataset });
    this.transport = new Transport(times, Number(this.data.length));
    this.audio = /** @type {HTMLAudioElement} */ (document.querySelector("[data-recording]"));
    this.status = this.find("[data-status]");
    /** @type {Record<string, string>} */
    this.texts = JSON.parse(this.find("[data-bar]").dataset.texts ?? "{}");
    this.version = { instrument: "", semitones: 0, heard: "all" };
    this.written = true; // whether the sheet follows the key
    this.asked = 0;
    this.scrolled = -Infinity;
    this.followed = -1; // the bar that was last brought into view
    this.settings = stored();
    const { mp3, timeMap, sheet, narrow } = this.data;
    this.recordings = new Recordings(this.data.tune, { mp3, timeMap, sheet, narrow: narrow || null });
  }

  /** @template {HTMLElement} T @param {string} selector @returns {T} */
  find(selector) {
    return /** @type {T} */ (this.room.querySelector(selector));
  }

  /** @param {string} name @returns {HTMLInputElement & HTMLSelectElement} */
  field(name) {
    return /** @type {any} */ (this.find(`[name="practice-${name}"]`));
  }

  async start() {
    await this.draw();
    this.fillBars();
    this.restoreSettings();
    this.listen();
    this.find("[data-bar]").hidden = false;
    this.room.classList.add("practising");
    this.audio.hidden = this.audio.paused; // whoever plays with it already keeps it until they use the bar
    this.showPlaying();
    this.showSpeed();
    this.follow();
  }

  get playing() {
    return this.transport.playing || !this.audio.paused;
  }

  /** The bar goes on where the browser's player is. */
  takeOver() {
    const goesOn = !this.audio.paused && !this.transport.playing;
    this.audio.hidden = true;
    this.audio.pause();
    if (goesOn) this.toggle();
  }

  /** Draws the sheet that the visitor has chosen. */
  async draw() {
    const asked = ++this.asked;
    const files = this.files ?? this.recordings.own;
    const sheets = this.written ? files : this.recordings.own;
    const lines = this.settings.lines ?? "auto";
    const narrow = lines === "2" || lines === "large" || (lines === "auto" && NARROW.matches);
    const address = (narrow && sheets.narrow) || sheets.sheet;
    if (!address) return;
    const drawing = await (await get(address)).text();
    if (asked !== this.asked) return; // another one was chosen meanwhile
    this.sheet.show(drawing);
    this.room.classList.toggle("large", lines === "large");
    const { chords = false, rows = "" } = this.settings;
    const written = this.written ? this.times.written : (this.ownTimes ?? this.times).written;
    addRows(this.sheet, written, { chords, kind: KINDS.includes(rows) ? rows : "" });
  }

  /** The first press of play loads the recording: browsers allow sound only after a press. */
  async load() {
    const files = this.files ?? this.recordings.own;
    const [buffer, map] = await Promise.all([
      this.recordings.buffer(files.mp3, this.transport.context),
      get(files.timeMap).then((response) => response.json()),
    ]);
    this.ownTimes ??= this.times;
    this.times = new Times(map);
    this.transport.use(buffer, this.times);
    this.showPosition();
  }

  async toggle() {
    if (!this.audio.paused) return this.audio.pause();
    if (this.transport.playing) return this.transport.pause();
    try {
      if (!this.transport.buffer) {
        this.say(this.texts.loading);
        await this.load();
      }
      this.say("");
      await this.transport.play();
    } catch (error) {
      this.fail(error);
    }
  }

  /** Changes what is heard, when the server has made it. @param {Partial<typeof this.version>} changes */
  async change(changes) {
    this.version = { ...this.version, ...changes };
    const wanted = this.version;
    this.say(this.texts.recording);
    try {
      const files = await this.recordings.files(wanted);
      if (wanted !== this.version) return;
      this.files = files;
      await this.load();
      await this.draw();
      this.say("");
    } catch (error) {
      this.fail(error);
    }
  }

  /** @param {unknown} error */
  fail(error) {
    const { message } = /** @type {Error} */ (error);
    this.say(error instanceof TypeError ? this.texts.offline : message || this.texts.failed);
  }

  /** @param {string} text */
  say(text) {
    this.status.textContent = text;
  }

  // The loop

  fillBars() {
    const numbers = new Map();
    for (const bar of [...this.times.bars].sort((one, other) => one.bar - other.bar)) numbers.set(bar.bar, bar.number ?? bar.bar + 1);
    for (const name of ["from", "to"]) {
      this.field(name).replaceChildren(...[...numbers].map(([bar, number]) => new Option(String(number), String(bar))));
    }
    this.field("to").value = String([...numbers.keys()].at(-1));
    const parts = this.sheet.parts().map(({ letter, from, to }) => {
      const button = document.createElement("button");
      Object.assign(button, { type: "button", className: "small", textContent: this.texts.part.replace("{letter}", letter) });
      button.addEventListener("click", () => this.loopBars(from, to));
      return button;
    });
    this.find("[data-parts]").replaceChildren(...parts);
    this.find("[data-parts]").hidden = !parts.length;
  }

  /** Loops the written bars from `from` to `to`. @param {number} from @param {number} to */
  loopBars(from, to) {
    const range = this.times.rangeOf(from, to, this.transport.position());
    if (!range) return this.say(this.texts.apart);
    this.field("from").value = String(from);
    this.field("to").value = String(to);
    this.sheet.mark(from, to);
    this.transport.setLoop(range);
    this.takeOver();
    this.showLoop();
    const [first, last] = [this.field("from"), this.field("to")].map((field) => field.selectedOptions[0].text);
    this.say(this.texts.loop.replace("{from}", first).replace("{to}", last));
  }

  endLoop() {
    this.transport.setLoop(null);
    this.sheet.mark(0, -1);
    this.showLoop();
    this.say(this.texts.no_loop);
  }

  toggleLoop() {
    if (this.transport.loop) return this.endLoop();
    this.loopBars(Number(this.field("from").value), Number(this.field("to").value));
  }

  /** Begins or ends the loop at the bar that sounds. @param {"from" | "to"} edge */
  setEdge(edge) {
    const here = this.times.bars[this.times.barAt(this.transport.position() + 0.02)].bar;
    const other = Number(this.field(edge === "from" ? "to" : "from").value);
    if (edge === "from") this.loopBars(here, Math.max(other, here));
    else this.loopBars(Math.min(other, here), here);
  }

  /** Goes to another bar. @param {number} bars */
  step(bars) {
    const here = this.times.barAt(this.transport.position() + 0.02);
    this.transport.seek(this.times.startOf(Math.min(Math.max(here + bars, 0), this.times.bars.length - 1)));
  }

  // What the visitor does

  restoreSettings() {
    const { metronome = false, countIn = false, shortcuts = true, chords = false, rows = "", lines = "auto" } = this.settings;
    this.field("metronome").checked = this.transport.metronome = metronome;
    this.field("count-in").checked = this.transport.countIn = countIn;
    this.field("shortcuts").checked = this.shortcuts = shortcuts;
    this.field("chords").checked = chords;
    this.field("rows").value = rows;
    this.field("lines").value = lines;
  }

  /** @param {Record<string, any>} changes */
  set(changes) {
    Object.assign(this.settings, changes);
    store(changes);
  }

  listen() {
    const { transport, sheet } = this;
    /** @type {Record<string, () => unknown>} */
    const buttons = {
      play: () => this.toggle(),
      slower: () => transport.setSpeed(transport.speed - STEP),
      faster: () => transport.setSpeed(transport.speed + STEP),
      loop: () => this.toggleLoop(),
      a: () => this.setEdge("from"),
      b: () => this.setEdge("to"),
      tools: () => this.showTools(),
    };
    for (const [name, act] of Object.entries(buttons)) this.find(`[data-do="${name}"]`).addEventListener("click", act);
    const speed = this.field("speed");
    speed.addEventListener("input", () => transport.setSpeed(Number(speed.value) / 100));
    for (const button of this.room.querySelectorAll("[data-percent]")) {
      button.addEventListener("click", () => transport.setSpeed(Number(/** @type {HTMLElement} */ (button).dataset.percent) / 100));
    }
    const position = this.field("position");
    position.addEventListener("input", () => transport.seek(Number(position.value)));
    this.on("step", (field) => (transport.step = Number(field.value) / 100));
    this.on("metronome", (field) => this.set({ metronome: (transport.metronome = field.checked) }));
    this.on("count-in", (field) => this.set({ countIn: (transport.countIn = field.checked) }));
    this.on("shortcuts", (field) => this.set({ shortcuts: (this.shortcuts = field.checked) }));
    for (const name of ["from", "to"]) {
      this.on(name, () => {
        const [from, to] = [Number(this.field("from").value), Number(this.field("to").value)];
        if (name === "from") this.loopBars(from, Math.max(from, to));
        else this.loopBars(Math.min(from, to), to);
      });
    }
    for (const name of ["chords", "rows", "lines"]) {
      this.on(name, (field) => {
        this.set({ [name]: name === "chords" ? field.checked : field.value });
        this.draw().catch((error) => this.fail(error));
      });
    }
    for (const field of this.room.querySelectorAll('[name="practice-heard"]')) {
      field.addEventListener("change", () => this.change({ heard: /** @type {HTMLInputElement} */ (field).value }));
    }
    this.on("instrument", (field) => this.change({ instrument: field.value }));
    this.on("key", (field) => {
      const [semitones, written] = field.value.split(" ");
      this.written = written === "written";
      this.change({ semitones: Number(semitones) });
    });
    for (const event of ["change", "speed", "seek"]) transport.addEventListener(event, () => this.takeOver());
    for (const event of ["play", "pause"]) this.audio.addEventListener(event, () => this.showPlaying());
    transport.addEventListener("change", () => this.showPlaying());
    transport.addEventListener("speed", () => this.showSpeed());
    transport.addEventListener("seek", () => this.showPosition());
    sheet.addEventListener("press", (event) => this.press(/** @type {CustomEvent} */ (event).detail));
    sheet.addEventListener("select", (event) => {
      const { from, to } = /** @type {CustomEvent} */ (event).detail;
      this.loopBars(from, to);
    });
    NARROW.addEventListener("change", () => this.draw().catch(() => {}));
    for (const event of ["wheel", "touchmove"]) addEventListener(event, () => (this.scrolled = performance.now()), { passive: true });
    const keys = {
      " ": () => this.toggle(),
      ArrowLeft: () => this.step(-1),
      ArrowRight: () => this.step(1),
      l: () => this.toggleLoop(),
      a: () => this.setEdge("from"),
      b: () => this.setEdge("to"),
      "+": () => transport.setSpeed(transport.speed + STEP),
      "=": () => transport.setSpeed(transport.speed + STEP),
      "-": () => transport.setSpeed(transport.speed - STEP),
    };
    listenToKeys(keys, () => this.shortcuts);
    addEventListener("pagehide", () => transport.pause());
  }

  /** @param {string} name @param {(field: HTMLInputElement & HTMLSelectElement) => unknown} act */
  on(name, act) {
    const field = this.field(name);
    field.addEventListener("change", () => act(field));
  }

  /** Plays from a pressed note, or from the start of its bar. @param {{ bar: number, note: number | null }} pressed */
  press({ bar, note }) {
    const here = this.transport.position();
    const range = this.times.rangeOf(bar, bar, here);
    const start = (note === null ? null : this.times.startOfNote(bar, note, here)) ?? range?.start;
    if (start === undefined) return;
    const { loop } = this.transport;
    if (loop && (start < loop.start || start >= loop.end)) this.endLoop();
    this.transport.seek(start);
    if (!this.transport.playing) this.toggle();
  }

  // What the bar shows

  showTools() {
    const tools = this.find("#practice-tools");
    tools.hidden = !tools.hidden;
    this.find('[data-do="tools"]').setAttribute("aria-expanded", String(!tools.hidden));
  }

  showPlaying() {
    const button = this.find('[data-do="play"]');
    button.setAttribute("aria-label", this.playing ? this.texts.pause : this.texts.play);
    button.classList.toggle("playing", this.playing);
    this.showPosition();
  }

  showSpeed() {
    const percent = `${Math.round(100 * this.transport.speed)} %`;
    this.find("[data-speed]").textContent = percent;
    this.field("speed").value = String(Math.round(100 * this.transport.speed));
    this.field("speed").setAttribute("aria-valuetext", percent);
  }

  showLoop() {
    this.find('[data-do="loop"]').setAttribute("aria-pressed", String(this.transport.loop !== null));
  }

  showPosition() {
    const position = this.transport.position();
    const { duration } = this.transport;
    const field = this.field("position");
    field.max = duration.toFixed(2);
    if (document.activeElement !== field || this.transport.playing) field.value = position.toFixed(2);
    const text = `${clock(position)} / ${clock(duration)}`;
    const time = this.find("[data-time]");
    if (time.textContent !== text) {
      time.textContent = text;
      field.setAttribute("aria-valuetext", text);
    }
    const started = this.transport.playing || position > 0;
    const { loop, playing, speed } = this.transport;
    let seen = position + (playing ? PICTURE_S * speed : FIRST_S);
    if (loop && position < loop.end && seen >= loop.end) seen += loop.start - loop.end;
    this.sheet.light(started ? this.times.noteAt(seen) : undefined);
    this.sheet.shade(started ? this.times.bars[this.times.barAt(position)].bar : -1);
  }

  /** Follows the sound, once for each picture on the screen. */
  follow() {
    if (!this.audio.hidden) this.transport.resting = this.audio.currentTime;
    if (this.playing || !this.audio.hidden) {
      this.showPosition();
      if (this.sheet.now !== this.followed && performance.now() - this.scrolled > IDLE_MS) this.sheet.keepInView(this.find("[data-bar]").offsetHeight);
      this.followed = this.sheet.now;
    } else this.followed = -1; // so that the bar where it begins comes into view too
    requestAnimationFrame(() => this.follow());
  }
}

/** @param {number} seconds */
function clock(seconds) {
  const whole = Math.floor(seconds);
  return `${Math.floor(whole / 60)}:${String(whole % 60).padStart(2, "0")}`;
}

const room = document.querySelector("[data-time-map]");
if (room instanceof HTMLElement && globalThis.AudioContext) {
  const start = async () => {
    const map = await (await get(room.dataset.timeMap ?? "")).json();
    await new Practice(room, new Times(map)).start();
  };
  start().catch(() => {
    // Without the time map or the sheet the browser's own player stays.
  });
}

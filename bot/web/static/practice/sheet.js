// The sheet of a tune as part of the page: bars to press, drag over and shade, and the sounding note.

const SVG = "http://www.w3.org/2000/svg";
const PAD = 150; // units of the drawing above and below the staff that belong to a bar

/** @typedef {{ x: number, y: number, width: number, height: number }} Box */

export class Sheet extends EventTarget {
  /** @param {HTMLElement} frame around the image @param {string} label for screen readers */
  constructor(frame, label) {
    super();
    this.frame = frame;
    this.label = label;
    /** @type {SVGSVGElement | null} */
    this.svg = null;
    /** @type {SVGGElement[]} */
    this.measures = [];
    /** @type {SVGRectElement[]} */
    this.shades = [];
    /** @type {Element[]} */
    this.sounding = [];
    this.now = -1;
    this.marked = [0, -1];
    this.listen();
  }

  /** Shows a drawing in place of the one before. @param {string} drawing */
  show(drawing) {
    const svg = /** @type {SVGSVGElement} */ (
      document.importNode(/** @type {Node} */ (new DOMParser().parseFromString(drawing, "image/svg+xml").documentElement), true)
    );
    svg.setAttribute("role", "img");
    svg.setAttribute("aria-label", this.label);
    this.frame.replaceChildren(svg);
    this.svg = svg;
    this.sounding = [];
    this.measures = [...svg.querySelectorAll("g.measure")].map((each) => /** @type {SVGGElement} */ (each));
    this.shades = this.measures.map((measure) => {
      const shade = document.createElementNS(SVG, "rect");
      const box = this.boxOf(measure);
      for (const [name, value] of Object.entries({ x: box.x, y: box.y - PAD, width: box.width, height: box.height + 2 * PAD })) {
        shade.setAttribute(name, String(value));
      }
      shade.classList.add("shade");
      measure.prepend(shade);
      return shade;
    });
    this.mark(this.marked[0], this.marked[1]);
    const now = this.now;
    this.now = -1;
    this.shade(now);
  }

  /** The parts by the letters above them, in the order of the sheet. @returns {{ letter: string, from: number, to: number }[]} */
  parts() {
    const starts = this.measures.flatMap((measure, bar) => {
      const letter = measure.querySelector(":scope > .reh")?.textContent?.trim();
      return letter ? [{ letter, from: bar }] : [];
    });
    return starts.map((part, index) => ({ ...part, to: (starts[index + 1]?.from ?? this.measures.length) - 1 }));
  }

  /** The staves of a measure, from their lines. @param {Element} measure @returns {Box} */
  boxOf(measure) {
    const lines = [...measure.querySelectorAll(":scope > .staff > path")].map((line) => /** @type {SVGPathElement} */ (line).getBBox());
    if (!lines.length) return { x: 0, y: 0, width: 0, height: 0 };
    const [x, y] = [Math.min(...lines.map((line) => line.x)), Math.min(...lines.map((line) => line.y))];
    return {
      x,
      y,
      width: Math.max(...lines.map((line) => line.x + line.width)) - x,
      height: Math.max(...lines.map((line) => line.y + line.height)) - y,
    };
  }

  /** The parts of a written note: a note that is tied has several. @param {number} bar @param {number} note */
  elementsOf(bar, note) {
    const id = `b${bar}n${note}`;
    return [...(this.svg?.querySelectorAll(`[id="${id}"], [id^="${id}-"]`) ?? [])];
  }

  /** Lights the note that sounds, and puts out the one before. @param {{ bar: number, note: number } | undefined} entry */
  light(entry) {
    const notes = entry ? this.elementsOf(entry.bar, entry.note) : [];
    if (notes[0] === this.sounding[0]) return;
    for (const note of this.sounding) note.classList.remove("sounding");
    for (const note of notes) note.classList.add("sounding");
    this.sounding = notes;
  }

  /** Shades the bar that sounds; -1 for none. @param {number} bar */
  shade(bar) {
    if (bar === this.now) return;
    this.shades[this.now]?.classList.remove("now");
    this.shades[bar]?.classList.add("now");
    this.now = bar;
  }

  /** Marks the bars of the loop. @param {number} first @param {number} last */
  mark(first, last) {
    this.marked = [first, last];
    this.shades.forEach((shade, bar) => shade.classList.toggle("looped", bar >= first && bar <= last));
  }

  /** Brings the bar that sounds into view, below the top and above `covered` pixels at the bottom. @param {number} covered */
  keepInView(covered) {
    const shade = this.shades[this.now];
    if (!shade) return;
    const { top, bottom } = shade.getBoundingClientRect();
    if (top >= 0 && bottom <= innerHeight - covered) return;
    const behavior = matchMedia("(prefers-reduced-motion: reduce)").matches ? "instant" : "smooth";
    scrollBy({ top: top - Math.max((innerHeight - covered) / 4, 0), behavior });
  }

  listen() {
    /** @type {{ bar: number, note: number | null, last: number } | null} */
    let pressed = null;
    this.frame.addEventListener("pointerdown", (event) => {
      if (event.button || !this.svg) return;
      const bar = this.barAt(event.clientX, event.clientY);
      if (bar < 0) return;
      pressed = { bar, note: this.noteAt(event.target), last: bar };
    });
    this.frame.addEventListener("pointermove", (event) => {
      if (!pressed) return;
      const bar = this.barAt(event.clientX, event.clientY);
      if (bar < 0 || bar === pressed.last) return;
      if (pressed.last === pressed.bar) this.frame.setPointerCapture(event.pointerId);
      pressed.last = bar;
      this.mark(Math.min(pressed.bar, bar), Math.max(pressed.bar, bar));
    });
    this.frame.addEventListener("pointerup", () => {
      if (!pressed) return;
      const { bar, note, last } = pressed;
      pressed = null;
      const [from, to] = [Math.min(bar, last), Math.max(bar, last)];
      const detail = bar === last ? { bar, note } : { from, to };
      this.dispatchEvent(new CustomEvent(bar === last ? "press" : "select", { detail }));
    });
    this.frame.addEventListener("pointercancel", () => (pressed = null));
  }

  /** The bar at a point of the window, or above or below it; -1 far from every staff. @param {number} x @param {number} y */
  barAt(x, y) {
    let [found, nearest] = [-1, Infinity];
    this.shades.forEach((shade, bar) => {
      const box = shade.getBoundingClientRect();
      const away = Math.max(box.top - y, y - box.bottom, 0);
      if (x >= box.left && x < box.right && away < Math.min(nearest, box.height)) [found, nearest] = [bar, away];
    });
    return found;
  }

  /** The number in its bar of the note that was pressed. @param {EventTarget | null} target */
  noteAt(target) {
    for (let element = target instanceof Element ? target : null; element && element !== this.svg; element = element.parentElement) {
      const found = /^b\d+n(\d+)/.exec(element.id);
      if (found) return Number(found[1]);
    }
    return null;
  }
}

// The bars of the editor's sheet, to press, to drag over, or to choose with the keyboard. Those that are kept are shaded.

/** The numbers in a text such as `1-4, 7`. @param {string} text @returns {Set<number>} */
export function numbersOf(text) {
  const found = new Set();
  for (const [, first, last] of text.matchAll(/(\d{1,3})(?:\s*[-–—]\s*(\d{1,3}))?/g)) {
    for (let number = Number(first); number <= Number(last ?? first); number++) found.add(number);
  }
  return found;
}

/** @param {Iterable<number>} numbers */
export function textOf(numbers) {
  /** @type {number[][]} */
  const runs = [];
  for (const number of [...numbers].sort((one, other) => one - other)) {
    const run = runs.at(-1);
    if (run && run[1] === number - 1) run[1] = number;
    else runs.push([number, number]);
  }
  return runs.map(([first, last]) => (first < last ? `${first}-${last}` : String(first))).join(" ");
}

export class KeptBars {
  /**
   * @param {HTMLElement} list under the drawing
   * @param {HTMLInputElement} field with the numbers of the bars that are kept
   * @param {HTMLElement} told in words
   */
  constructor(list, field, told) {
    this.list = list;
    this.field = field;
    this.told = told;
    /** @type {HTMLElement[]} */
    this.bars = [];
    this.active = 0; // the index of the bar where the keyboard is
    /** @type {{ from: number, before: Set<number>, adds: boolean } | null} what is being dragged over, or chosen with Shift */
    this.range = null;
    field.addEventListener("input", () => this.shade());
    list.addEventListener("keydown", (event) => this.key(event));
    this.listenToPointer();
  }

  /** Shows the bars of a new drawing. @param {Element} svg */
  show(svg) {
    const [, , width, height] = (svg.getAttribute("viewBox") ?? "0 0 1 1").split(" ").map(Number);
    const percent = (/** @type {SVGElement} */ box, /** @type {string} */ name, /** @type {number} */ whole) =>
      `${(100 * Number(box.getAttribute(name))) / whole}%`;
    this.bars = [.../** @type {NodeListOf<SVGElement>} */ (svg.querySelectorAll("rect.bar"))].map((box, index) => {
      const bar = document.createElement("div");
      bar.id = `bar-${index + 1}`;
      bar.role = "option";
      bar.ariaLabel = (this.list.dataset.bar ?? "").replace("{number}", String(index + 1));
      Object.assign(bar.style, { left: percent(box, "x", width), top: percent(box, "y", height) });
      Object.assign(bar.style, { width: percent(box, "width", width), height: percent(box, "height", height) });
      return bar;
    });
    this.list.replaceChildren(...this.bars);
    this.goTo(Math.min(this.active, this.bars.length - 1));
    this.shade();
  }

  /** Shades the bars that the field names, and says which they are. */
  shade() {
    const kept = numbersOf(this.field.value);
    /** @type {number[][]} */
    const [inside, outside] = [[], []];
    this.bars.forEach((bar, index) => {
      bar.ariaSelected = String(kept.has(index + 1));
      (kept.has(index + 1) ? inside : outside).push(index + 1);
    });
    const { some = "", all = "" } = this.list.dataset;
    const words = outside.length ? some : all;
    const spoken = (/** @type {number[]} */ numbers) => textOf(numbers).replaceAll(" ", ", ").replaceAll("-", "–");
    const text = words.replace("{bars}", spoken(inside)).replace("{others}", spoken(outside));
    this.told.textContent = inside.length ? text : "";
  }

  /** @param {Set<number>} numbers */
  keep(numbers) {
    this.field.value = textOf(numbers);
    this.shade();
  }

  /** Keeps, or no longer keeps, the bars from where the range began. @param {number} to */
  extend(to) {
    if (!this.range) return;
    const { from, before, adds } = this.range;
    const kept = new Set(before);
    for (let index = Math.min(from, to); index <= Math.max(from, to); index++) {
      if (adds) kept.add(index + 1);
      else kept.delete(index + 1);
    }
    this.keep(kept);
  }

  /** @param {number} index */
  goTo(index) {
    this.bars[this.active]?.classList.remove("active");
    this.active = Math.max(index, 0);
    const bar = this.bars[this.active];
    if (!bar) return;
    bar.classList.add("active");
    this.list.setAttribute("aria-activedescendant", bar.id);
  }

  /** @param {KeyboardEvent} event */
  key(event) {
    const before = numbersOf(this.field.value);
    const to = this.targetOf(event.key);
    if (event.key === " ") {
      const adds = !before.has(this.active + 1);
      this.range = { from: this.active, before, adds };
      this.extend(this.active);
      this.range = null;
    } else if (event.key === "a" && (event.ctrlKey || event.metaKey)) this.keep(new Set(this.bars.map((_, index) => index + 1)));
    else if (to === null || event.ctrlKey || event.metaKey || event.altKey) return;
    else {
      if (event.shiftKey) this.range ??= { from: this.active, before, adds: true };
      else this.range = null;
      this.goTo(to);
      this.extend(to);
      this.bars[to]?.scrollIntoView({ block: "nearest" });
    }
    event.preventDefault();
  }

  /** The index of the bar that a key goes to. @param {string} key @returns {number | null} */
  targetOf(key) {
    const end = this.bars.length - 1;
    if (key === "ArrowLeft") return Math.max(this.active - 1, 0);
    if (key === "ArrowRight") return Math.min(this.active + 1, end);
    if (key === "Home") return 0;
    if (key === "End") return end;
    if (key !== "ArrowUp" && key !== "ArrowDown") return null;
    const { offsetTop: top, offsetLeft: left } = this.bars[this.active];
    const tops = this.bars.map((bar) => bar.offsetTop).filter((each) => (key === "ArrowUp" ? each < top : each > top));
    const line = key === "ArrowUp" ? Math.max(...tops) : Math.min(...tops);
    const away = (/** @type {HTMLElement} */ bar) => (bar.offsetTop === line ? Math.abs(bar.offsetLeft - left) : Infinity);
    return tops.length ? this.bars.reduce((best, bar, index) => (away(bar) < away(this.bars[best]) ? index : best), this.active) : null;
  }

  listenToPointer() {
    const at = (/** @type {PointerEvent} */ event) =>
      this.bars.indexOf(/** @type {HTMLElement} */ (document.elementFromPoint(event.clientX, event.clientY)));
    this.list.addEventListener("pointerdown", (event) => {
      const from = at(event);
      if (event.button || from < 0) return;
      const before = numbersOf(this.field.value);
      this.range = { from, before, adds: !before.has(from + 1) };
      this.list.setPointerCapture(event.pointerId);
      this.goTo(from);
      this.extend(from);
    });
    this.list.addEventListener("pointermove", (event) => {
      const to = at(event);
      if (!this.list.hasPointerCapture(event.pointerId) || to < 0) return;
      this.goTo(to);
      this.extend(to);
    });
    this.list.addEventListener("pointerup", () => (this.range = null));
    this.list.addEventListener("pointercancel", () => {
      if (this.range) this.keep(this.range.before); // it was the beginning of scrolling
      this.range = null;
    });
  }
}

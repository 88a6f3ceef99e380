// Rows under and over the staves: chord symbols, fingerings of the whistle, and tablature.

const SVG = "http://www.w3.org/2000/svg";
const GAP = 120; // units of the drawing; a staff is 720 high
const TEXT = 330;
const LINE = 190; // between two strings
const HOLE = 52; // radius

/** Open strings as MIDI pitches, the highest first; `octave`: how much lower than written it sounds. */
const STRINGS = {
  fiddle: [76, 69, 62, 55],
  mandolin: [76, 69, 62, 55],
  banjo: [76, 69, 62, 55], // a tenor banjo is tuned an octave below and written as it is fingered
  guitar: [76, 71, 67, 62, 57, 52], // sounds an octave lower than written
};
/** @typedef {keyof typeof STRINGS} Strings */
export const KINDS = ["whistle", ...Object.keys(STRINGS)];

// A D whistle from D: holes covered from the top, as bits from the left; half is 0.5. Key: semitones above the lowest note.
const COVERED = {
  0: [1, 1, 1, 1, 1, 1],
  1: [1, 1, 1, 1, 1, 0.5],
  2: [1, 1, 1, 1, 1, 0],
  3: [1, 1, 1, 1, 0.5, 0],
  4: [1, 1, 1, 1, 0, 0],
  5: [1, 1, 1, 0, 0, 0],
  6: [1, 1, 0.5, 0, 0, 0],
  7: [1, 1, 0, 0, 0, 0],
  8: [1, 0.5, 0, 0, 0, 0],
  9: [1, 0, 0, 0, 0, 0],
  10: [0, 1, 1, 0, 0, 0],
  11: [0, 0, 0, 0, 0, 0],
};
const OPEN_D = [0, 1, 1, 1, 1, 1]; // the D in the middle speaks more easily with the top hole open

/**
 * The holes of a whistle that is lowest at `tonic` (MIDI), and whether the note is blown an octave higher; null if it lacks the note.
 * @param {number} pitch
 * @param {number} tonic
 */
export function fingering(pitch, tonic) {
  const above = pitch - tonic;
  if (above < 0 || above > 23) return null;
  const holes = above === 12 ? OPEN_D : COVERED[/** @type {keyof typeof COVERED} */ (above % 12)];
  return { holes, over: above >= 12 };
}

/**
 * The string, counted from the highest, and the fret: of the strings that have the note the highest, so that the fret is low.
 * @param {number} pitch
 * @param {number[]} strings
 */
export function fret(pitch, strings) {
  const string = strings.findIndex((open) => open <= pitch);
  return string < 0 || pitch - strings[string] > 19 ? null : { string, fret: pitch - strings[string] };
}

/**
 * Adds the rows to a sheet, and space between its lines for them.
 * @param {import("./sheet.js").Sheet} sheet
 * @param {import("./times.js").WrittenNote[]} written
 * @param {{ chords: boolean, kind: string }} options
 */
export function addRows(sheet, written, { chords, kind }) {
  const svg = sheet.svg;
  const strings = kind in STRINGS ? STRINGS[/** @type {Strings} */ (kind)] : null;
  const hasChords = svg?.querySelector(".harm") !== null;
  if (!svg || (!kind && (!chords || hasChords))) return;
  const above = chords && !hasChords ? TEXT + GAP : 0;
  const below = !kind ? 0 : strings ? (strings.length - 1) * LINE + 2 * GAP + TEXT / 2 : 6 * 2.6 * HOLE + 2 * GAP + TEXT / 2;
  let moved = 0;
  for (const system of svg.querySelectorAll("g.system")) {
    const group = /** @type {SVGGElement} */ (system);
    const box = group.getBBox();
    const staves = [...system.querySelectorAll(":scope > .measure")].map((measure) => sheet.boxOf(measure));
    const [left, right] = [staves[0].x, staves[staves.length - 1].x + staves[staves.length - 1].width];
    const rows = document.createElementNS(SVG, "g");
    rows.setAttribute("class", "rows");
    moved += above;
    const top = box.y - GAP;
    const bottom = box.y + box.height + GAP;
    if (strings) for (let index = 0; index < strings.length; index++) rows.append(rule(left, right, bottom + GAP + index * LINE));
    for (const note of written) {
      const head = sheet.elementsOf(note.bar, note.note)[0];
      if (!head || !system.contains(head)) continue;
      const heads = /** @type {SVGGElement} */ (head.querySelector(".notehead") ?? head).getBBox();
      const x = heads.x + heads.width / 2;
      if (above && note.chord) rows.append(words(note.chord, heads.x, top, "start"));
      const pitch = Math.max(...note.pitches);
      if (kind && note.pitches.length) rows.append(...(strings ? frets(pitch, strings, x, bottom + GAP) : holes(pitch, x, bottom + GAP)));
    }
    group.append(rows);
    group.setAttribute("transform", `translate(0, ${moved})`);
    moved += below;
  }
  grow(svg, moved);
}

/** @param {number} pitch @param {number[]} strings @param {number} x @param {number} y */
function frets(pitch, strings, x, y) {
  const found = fret(pitch, strings);
  if (!found) return [];
  const number = words(String(found.fret), x, y + found.string * LINE + TEXT * 0.28, "middle");
  number.classList.add("fret");
  return [number];
}

/** @param {number} pitch @param {number} x @param {number} y */
function holes(pitch, x, y) {
  const found = fingering(pitch, 62);
  if (!found) return [words("×", x, y + TEXT, "middle")];
  const circles = found.holes.flatMap((covered, index) => {
    const middle = y + HOLE + index * 2.6 * HOLE;
    const circle = document.createElementNS(SVG, "circle");
    set(circle, { cx: x, cy: middle, r: HOLE, class: covered === 1 ? "covered" : "open" });
    if (covered !== 0.5) return [circle];
    const half = document.createElementNS(SVG, "path");
    set(half, { d: `M${x} ${middle - HOLE}A${HOLE} ${HOLE} 0 0 0 ${x} ${middle + HOLE}z`, class: "covered" });
    return [circle, half];
  });
  return found.over ? [...circles, words("+", x, y + 6 * 2.6 * HOLE + TEXT * 0.6, "middle")] : circles;
}

/** @param {number} left @param {number} right @param {number} y */
function rule(left, right, y) {
  const line = document.createElementNS(SVG, "path");
  set(line, { d: `M${left} ${y}H${right}`, class: "string" });
  return line;
}

/** @param {string} text @param {number} x @param {number} y @param {string} anchor */
function words(text, x, y, anchor) {
  const element = document.createElementNS(SVG, "text");
  set(element, { x, y, "font-size": `${TEXT}px`, "text-anchor": anchor });
  element.textContent = text.replace(/^([A-G])b/, "$1♭").replace(/^([A-G])#/, "$1♯");
  return element;
}

/** @param {Element} element @param {Record<string, string | number>} values */
function set(element, values) {
  for (const [name, value] of Object.entries(values)) element.setAttribute(name, String(value));
}

/** Makes room at the end of the page. @param {SVGSVGElement} svg @param {number} units of its content */
function grow(svg, units) {
  const inner = svg.querySelector("svg.definition-scale") ?? svg;
  const before = inner.getAttribute("viewBox")?.split(" ").map(Number) ?? [0, 0, 1, 1];
  inner.setAttribute("viewBox", [before[0], before[1], before[2], before[3] + units].join(" "));
  if (inner === svg) return;
  const outer = svg.getAttribute("viewBox")?.split(" ").map(Number) ?? [0, 0, 1, 1];
  svg.setAttribute("viewBox", [outer[0], outer[1], outer[2], outer[3] + (units * outer[2]) / before[2]].join(" "));
}

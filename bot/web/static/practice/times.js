// The time map: what sounds when. Times are in seconds of the recording.

/** @typedef {{ time: number, bar: number, note: number }} Onset */
/** @typedef {{ bar: number, number: number, start: number, end: number, beats: number[] }} PlayedBar */
/** @typedef {{ bar: number, note: number, pitches: number[], chord?: string }} WrittenNote */

const EARLY_S = 0.01; // a player may be ahead of the beat: starting exactly on it would cut the attack

export class Times {
  /** @param {any} map as JSON; older tunes have a list of notes only */
  constructor(map) {
    const notes = Array.isArray(map) ? map : map.notes;
    /** @type {Onset[]} */
    this.notes = notes.map((/** @type {any} */ each) => ({ time: each.onset_ms / 1000, bar: each.bar, note: each.note }));
    /** @type {PlayedBar[]} */
    this.bars = Array.isArray(map)
      ? barsOf(this.notes)
      : map.bars.map((/** @type {any} */ each) => ({
          bar: each.bar,
          number: each.number,
          start: each.onset_ms / 1000,
          end: each.end_ms / 1000,
          beats: each.beats_ms.map((/** @type {number} */ ms) => ms / 1000),
        }));
    /** @type {WrittenNote[]} */
    this.written = Array.isArray(map) ? [] : map.written;
    this.beats = this.bars.flatMap((bar) => bar.beats.map((time) => ({ time, strong: time === bar.start })));
    this.lastBar = Math.max(...this.bars.map((bar) => bar.bar));
    this.end = this.bars.at(-1)?.end ?? 0;
  }

  /** The note that sounds at a time. @param {number} time @returns {Onset | undefined} */
  noteAt(time) {
    return this.notes[last(this.notes, (note) => note.time - EARLY_S <= time)];
  }

  /** The index among the played bars of the one that sounds at a time. @param {number} time */
  barAt(time) {
    return Math.max(last(this.bars, (bar) => bar.start - EARLY_S <= time), 0);
  }

  /** Where to start to hear a played bar from its first attack. @param {number} index */
  startOf(index) {
    return Math.max(this.bars[index].start - EARLY_S, 0);
  }

  /** Where to start to hear a written note, in the playing nearest to a time. @param {number} bar @param {number} note @param {number} near */
  startOfNote(bar, note, near) {
    const playings = this.notes.filter((each) => each.bar === bar && each.note === note).map((each) => each.time);
    if (!playings.length) return null;
    const nearest = playings.reduce((best, time) => (Math.abs(time - near) < Math.abs(best - near) ? time : best));
    return Math.max(nearest - EARLY_S, 0);
  }

  /**
   * When the written bars from `first` to `last` are played one after the other: the shortest way, and of several the nearest.
   * @param {number} first
   * @param {number} last
   * @param {number} near
   */
  rangeOf(first, last, near) {
    let best = null;
    for (let start = 0; start < this.bars.length; start++) {
      if (this.bars[start].bar !== first) continue;
      const stop = this.bars.findIndex((bar, index) => index >= start && bar.bar === last);
      if (stop < 0) continue;
      const found = { start, stop, length: stop - start, away: Math.abs(this.bars[start].start - near) };
      if (!best || found.length < best.length || (found.length === best.length && found.away < best.away)) best = found;
    }
    return best && { start: this.startOf(best.start), end: this.bars[best.stop].end - EARLY_S };
  }

  /** The beat and the number of beats of the bar at a time: of a full one, if it is a pick-up. @param {number} time */
  beatAt(time) {
    const index = this.barAt(time);
    const bar = [...this.bars.slice(index), ...this.bars].find((each) => each.beats.length > 1) ?? this.bars[index];
    const count = Math.max(bar.beats.length, 1);
    return { count, length: count > 1 ? bar.beats[1] - bar.beats[0] : (bar.end - bar.start) / count };
  }
}

/** Bars of a map without them. @param {Onset[]} notes @returns {PlayedBar[]} */
function barsOf(notes) {
  /** @type {PlayedBar[]} */
  const bars = [];
  for (const note of notes) {
    if (bars.at(-1)?.bar !== note.bar) bars.push({ bar: note.bar, number: note.bar + 1, start: note.time, end: note.time, beats: [note.time] });
  }
  bars.forEach((bar, index) => (bar.end = bars[index + 1]?.start ?? (notes.at(-1)?.time ?? 0) + 1));
  return bars;
}

/** The index of the last item of a sorted list that meets a condition; -1 if none does. @template T @param {T[]} items @param {(item: T) => boolean} meets */
export function last(items, meets) {
  let [low, high] = [0, items.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (meets(items[middle])) low = middle + 1;
    else high = middle;
  }
  return low - 1;
}

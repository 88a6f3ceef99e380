// Plays samples slower or faster at the same pitch (WSOLA: Verhelst and Roelands 1993).
//
// The output is made of overlapping windows of the source. Each is taken from near its nominal position, where it continues the window
// before it best. At the speed 1 every window continues the one before exactly, and the output is the source.

const HOP_S = 0.015; // half a window, more than a period of the lowest string of a guitar; a longer one smears attacks
const SEARCH_S = 0.007; // to both sides: more than one of its periods in all
const FADE_S = 0.005; // where the output jumps in the source
const COARSE = 4; // frames: the first search compares every fourth frame at every fourth position

export class Stretcher {
  /**
   * @param {Float32Array[]} channels of equal length
   * @param {number} sampleRate
   */
  constructor(channels, sampleRate) {
    this.channels = channels;
    this.length = channels[0].length;
    this.hop = Math.round(HOP_S * sampleRate);
    this.search = Math.round(SEARCH_S * sampleRate);
    this.fade = Math.round(FADE_S * sampleRate);
    this.window = Float32Array.from({ length: 2 * this.hop }, (_, index) => 0.5 - 0.5 * Math.cos((Math.PI * (index + 0.5)) / this.hop));
    this.mono = new Float32Array(this.length);
    for (const channel of channels) for (let index = 0; index < this.length; index++) this.mono[index] += channel[index];
    /** @type {Float32Array[] | null} the second half of the window before */
    this.tail = null;
    /** @type {Float32Array[] | null} */
    this.outgoing = null;
    this.first = 0; // where the last jump went
    this.position = 0;
    this.natural = 0; // where in the source the window before goes on
  }

  /**
   * Goes to a position in the source. `outgoing`: the frames that would have come next, which are faded out.
   * @param {number} frame
   * @param {Float32Array[] | null} outgoing
   */
  jump(frame, outgoing = null) {
    this.first = Math.round(frame);
    this.position = this.first;
    this.tail = null;
    this.outgoing = outgoing;
  }

  /**
   * The next `hop` frames of each channel.
   * @param {number} rate source frames per output frame
   * @returns {Float32Array[]}
   */
  next(rate) {
    // The middle of the window is what sounds in the middle of its time.
    const nominal = Math.max(Math.round(this.position + this.hop * rate) - this.hop, this.first);
    const start = this.tail ? this.best(nominal) : this.first;
    const output = this.channels.map((channel, number) => {
      const block = new Float32Array(this.hop);
      const before = this.tail?.[number];
      for (let index = 0; index < this.hop; index++) {
        const sample = channel[start + index] ?? 0;
        block[index] = before ? before[index] + sample * this.window[index] : sample;
      }
      return block;
    });
    this.tail = this.channels.map((channel) => {
      const half = new Float32Array(this.hop);
      for (let index = 0; index < this.hop; index++) half[index] = (channel[start + this.hop + index] ?? 0) * this.window[this.hop + index];
      return half;
    });
    this.fadeIn(output);
    this.natural = start + this.hop;
    this.position += this.hop * rate;
    return output;
  }

  /** @param {Float32Array[]} output */
  fadeIn(output) {
    if (!this.outgoing) return;
    output.forEach((block, number) => {
      const old = this.outgoing?.[number];
      const length = Math.min(this.fade, block.length);
      for (let index = 0; index < length; index++) {
        const gain = (index + 0.5) / length;
        block[index] = block[index] * gain + (old?.[index] ?? 0) * (1 - gain);
      }
    });
    this.outgoing = null;
  }

  /**
   * Where near `nominal` the source continues the window before best.
   * @param {number} nominal
   */
  best(nominal) {
    if (Math.abs(nominal - this.natural) <= 1) return this.natural;
    const from = nominal - this.search;
    const to = nominal + this.search;
    if (this.natural >= from && this.natural <= to) return this.natural;
    let found = this.peak(from, to, COARSE, nominal);
    found = this.peak(found - COARSE + 1, found + COARSE - 1, 1, found);
    return found;
  }

  /**
   * The position from `from` to `to` whose frames correlate best with those at `natural`.
   * @param {number} from
   * @param {number} to
   * @param {number} step
   * @param {number} otherwise
   */
  peak(from, to, step, otherwise) {
    let best = otherwise;
    let most = -Infinity;
    for (let candidate = Math.max(from, 0); candidate <= to; candidate += step) {
      let product = 0;
      let energy = 1e-9;
      for (let index = 0; index < this.hop; index += COARSE) {
        const sample = this.mono[candidate + index] ?? 0;
        product += sample * (this.mono[this.natural + index] ?? 0);
        energy += sample * sample;
      }
      const likeness = product / Math.sqrt(energy);
      if (likeness > most) [best, most] = [candidate, likeness];
    }
    return best;
  }
}

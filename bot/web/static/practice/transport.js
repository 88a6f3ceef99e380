// Plays a recording at any speed, in loops, with clicks: blocks of samples are scheduled a little ahead on the clock of Web Audio.

import { Stretcher } from "./stretch.js";
import { last } from "./times.js";

const AHEAD_S = 0.4; // scheduled in advance
const TICK_MS = 80;
const CHUNK_S = 0.1;
const START_S = 0.04; // from a press to the first sample
const RELEASE_S = 0.008;
export const SLOWEST = 0.4;
export const FASTEST = 1.3;

/** @typedef {{ at: number, source: number, rate: number, duration: number }} Piece of the output: what of the source sounds when */

export class Transport extends EventTarget {
  /** @type {AudioBuffer | undefined} */
  buffer;
  /** @type {GainNode | undefined} of what is scheduled */
  output;
  origin = 0; // when the first scheduled chunk begins
  nextAt = 0; // when the next one does
  frames = 0; // scheduled since `origin`

  /** @param {import("./times.js").Times} times @param {number} length of the recording, in seconds */
  constructor(times, length) {
    super();
    this.times = times;
    this.length = length;
    this.context = new AudioContext();
    /** @type {Stretcher | null} */
    this.stretcher = null;
    this.speed = 1;
    this.step = 0; // how much faster each round is
    /** @type {{ start: number, end: number } | null} */
    this.loop = null;
    this.metronome = false;
    this.countIn = false;
    this.playing = false;
    this.rounds = 0;
    this.resting = 0; // the position while nothing plays
    /** @type {Piece[]} */
    this.pieces = [];
    this.timer = 0;
    this.clicks = [makeClick(this.context, 1568), makeClick(this.context, 1047)];
  }

  /** @param {AudioBuffer} buffer @param {import("./times.js").Times} times */
  use(buffer, times) {
    const here = this.position();
    this.buffer = buffer;
    this.times = times;
    this.stretcher = new Stretcher(
      Array.from({ length: buffer.numberOfChannels }, (_, number) => buffer.getChannelData(number)),
      buffer.sampleRate,
    );
    if (this.playing) this.restart(here);
  }

  get duration() {
    return this.buffer?.duration ?? Math.max(this.length, this.times.end);
  }

  /** What sounds now, in seconds of the recording. */
  position() {
    if (!this.playing) return this.resting;
    const now = this.context.currentTime - (this.context.outputLatency || 0);
    const piece = this.pieces[last(this.pieces, (each) => each.at <= now)];
    return piece ? piece.source + Math.min(now - piece.at, piece.duration) * piece.rate : this.resting;
  }

  async play() {
    if (this.playing || !this.stretcher) return;
    await this.context.resume();
    if (this.resting >= this.duration - 0.05) this.resting = 0;
    if (this.loop && (this.resting < this.loop.start || this.resting >= this.loop.end)) this.resting = this.loop.start;
    this.playing = true;
    this.rounds = 0;
    this.restart(this.resting, this.countIn);
    this.dispatchEvent(new Event("change"));
  }

  pause() {
    if (!this.playing) return;
    this.resting = this.position();
    this.playing = false;
    this.silence();
    this.dispatchEvent(new Event("change"));
  }

  /** @param {number} time */
  seek(time) {
    this.resting = Math.min(Math.max(time, 0), Math.max(this.duration - 0.01, 0));
    if (this.playing) this.restart(this.resting);
    this.dispatchEvent(new Event("seek"));
  }

  /** @param {number} speed */
  setSpeed(speed) {
    this.speed = Math.min(Math.max(Math.round(speed * 100) / 100, SLOWEST), FASTEST);
    if (this.playing) this.restart(this.position());
    this.dispatchEvent(new Event("speed"));
  }

  /** @param {{ start: number, end: number } | null} loop */
  setLoop(loop) {
    const here = this.position();
    this.loop = loop;
    this.rounds = 0;
    if (!loop || (here >= loop.start && here < loop.end)) {
      if (this.playing) this.restart(here);
    } else this.seek(loop.start);
  }

  /** Schedules anew from a position. @param {number} source @param {boolean} counted */
  restart(source, counted = false) {
    this.silence();
    this.output = new GainNode(this.context);
    this.output.connect(this.context.destination);
    let start = this.context.currentTime + START_S;
    if (counted) start = this.count(start, source);
    this.nextAt = start;
    this.origin = start; // chunks begin at whole frames after it
    this.frames = 0;
    this.resting = source;
    this.pieces = [];
    this.stretcher?.jump(source * this.context.sampleRate);
    this.fill();
    this.timer = setInterval(() => this.fill(), TICK_MS);
  }

  silence() {
    clearInterval(this.timer);
    const output = this.output;
    if (!output) return;
    output.gain.setTargetAtTime(0, this.context.currentTime, RELEASE_S / 3);
    setTimeout(() => output.disconnect(), 100);
    this.output = undefined;
  }

  fill() {
    while (this.playing && this.nextAt < this.context.currentTime + AHEAD_S) {
      if (!this.chunk()) {
        const rest = Math.max(this.nextAt - this.context.currentTime, 0);
        clearInterval(this.timer);
        this.timer = setTimeout(() => this.finish(), 1000 * rest);
        return;
      }
    }
    const now = this.context.currentTime - 1;
    while (this.pieces.length > 1 && this.pieces[1].at < now) this.pieces.shift();
  }

  finish() {
    this.playing = false;
    this.resting = this.loop?.start ?? 0;
    this.silence();
    this.dispatchEvent(new Event("change"));
  }

  /** Schedules the next tenth of a second. False at the end of the recording. */
  chunk() {
    const stretcher = this.stretcher;
    if (!stretcher || !this.output) return false;
    const rate = this.context.sampleRate;
    /** @type {Float32Array[][]} */
    const blocks = [];
    let length = 0;
    let ended = false;
    while (length < CHUNK_S * rate && !ended) {
      const source = stretcher.position / rate;
      const speed = this.speed;
      if (source >= this.duration) {
        ended = true;
        break;
      }
      let block = stretcher.next(speed);
      let frames = block[0].length;
      const end = this.loop && source < this.loop.end ? this.loop.end : Infinity;
      const left = Math.round(((end - source) * rate) / speed);
      if (left <= frames) {
        const outgoing = block.map((channel) => channel.subarray(Math.max(left, 0)));
        block = block.map((channel) => channel.subarray(0, Math.max(left, 0)));
        frames = block[0].length;
        stretcher.jump(/** @type {{ start: number }} */ (this.loop).start * rate, outgoing);
        this.round();
      }
      if (!frames) continue;
      const at = this.origin + (this.frames + length) / rate;
      this.pieces.push({ at, source, rate: speed, duration: frames / rate });
      if (this.metronome) this.clickIn(source, source + (frames / rate) * speed, at, speed);
      blocks.push(block);
      length += frames;
    }
    if (!length) return false;
    const buffer = this.context.createBuffer(stretcher.channels.length, length, rate);
    let offset = 0;
    for (const block of blocks) {
      block.forEach((channel, number) => buffer.getChannelData(number).set(channel, offset));
      offset += block[0].length;
    }
    const node = new AudioBufferSourceNode(this.context, { buffer });
    node.connect(this.output);
    node.start(this.nextAt);
    this.frames += length;
    this.nextAt = this.origin + this.frames / rate;
    return true;
  }

  /** Counts a round of the loop; the next one is faster by the step. */
  round() {
    this.rounds += 1;
    if (!this.step) return;
    const goal = this.speed < 1 ? 1 : FASTEST;
    this.speed = Math.min(Math.round((this.speed + this.step) * 100) / 100, goal);
    this.dispatchEvent(new Event("speed"));
  }

  /** Clicks for the beats of the source from `from` to `to`. @param {number} from @param {number} to @param {number} at @param {number} speed */
  clickIn(from, to, at, speed) {
    const beats = this.times.beats;
    for (let index = last(beats, (beat) => beat.time < from) + 1; index < beats.length && beats[index].time < to; index++) {
      this.click(at + (beats[index].time - from) / speed, beats[index].strong);
    }
  }

  /** Counts a bar, and longer before a pick-up. Returns when the music begins. @param {number} start @param {number} source */
  count(start, source) {
    const { count, length } = this.times.beatAt(source + 0.02);
    const beat = length / this.speed;
    const next = this.times.beats[last(this.times.beats, (each) => each.time < source - 0.02) + 1]?.time ?? source;
    const early = (next - source) / this.speed;
    let clicks = count;
    while (clicks * beat - early < (count - 1) * beat) clicks += count;
    for (let number = 0; number < clicks; number++) {
      if (number * beat < clicks * beat - early + 0.001 || number === 0) this.click(start + number * beat, number % count === 0);
    }
    return start + clicks * beat - early;
  }

  /** @param {number} at @param {boolean} strong */
  click(at, strong) {
    if (!this.output) return;
    const node = new AudioBufferSourceNode(this.context, { buffer: this.clicks[strong ? 0 : 1] });
    node.connect(this.output);
    node.start(at);
  }
}

/** A short knock. @param {BaseAudioContext} context @param {number} frequency */
function makeClick(context, frequency) {
  const length = Math.round(0.03 * context.sampleRate);
  const buffer = context.createBuffer(1, length, context.sampleRate);
  const samples = buffer.getChannelData(0);
  for (let index = 0; index < length; index++) {
    const time = index / context.sampleRate;
    samples[index] = 0.5 * Math.sin(2 * Math.PI * frequency * time) * Math.exp(-time / 0.006);
  }
  return buffer;
}

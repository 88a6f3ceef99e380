"""A tune whose recording is made of sines, so that what a page plays can be measured, and a recorder of what it plays."""

from __future__ import annotations

import base64
import json
from functools import cache
from typing import Any

import numpy as np
from numpy.typing import NDArray
from playwright.async_api import Page

from generator.notation.reader import read
from generator.rendering.audio.mastering import RATE
from generator.rendering.audio.mp3 import DELAY_MS, encode_mp3
from generator.rendering.performance.melody import perform
from generator.rendering.performance.played_bars import played_bars
from generator.rendering.sheet.engraving import engrave
from generator.rendering.sheet.layout import NARROW_BARS
from generator.rendering.sheet.musicxml import write_musicxml
from generator.rendering.time_map import write_time_map
from generator.versions import Version

ABC = """X:1
T:The Measured Reel
R:reel
M:4/4
L:1/4
Q:1/4=240
K:D
|:D A d f|G B d g|A c e a|d a f d:|
|:e g b e|f a d' a|g e c A|d f d2:|
"""
ATTACK_S, DECAY_S = 0.002, 0.075


OWN = Version()


@cache
def made(version: Version = OWN) -> dict[str, tuple[str, bytes]]:
    """The files of a version of the tune by what follows its name."""
    score = version.score(read(ABC))
    bars = played_bars(score)
    times = write_time_map(score, perform(score, bars), bars, delay_ms=DELAY_MS)
    musicxml = write_musicxml(score)
    return {
        "abc": ("text/vnd.abc", ABC.encode()),
        "mp3": ("audio/mpeg", encode_mp3(_sines(json.loads(times)))),
        "svg": ("image/svg+xml", engrave(score, musicxml).encode()),
        "narrow.svg": ("image/svg+xml", engrave(score, musicxml, NARROW_BARS).encode()),
        "timemap.json": ("application/json", times),
    }


def frequency(pitch: int) -> float:
    return float(440 * 2 ** ((pitch - 69) / 12))


def _sines(times: dict[str, Any]) -> NDArray[np.int16]:
    pitches = {(note["bar"], note["note"]): note["pitches"][0] for note in times["written"]}
    end = times["bars"][-1]["end_ms"]
    samples = np.zeros(round((end + 100) * RATE / 1000))
    onsets = [*(note["onset_ms"] - DELAY_MS for note in times["notes"]), end]
    for note, start, stop in zip(times["notes"], onsets, onsets[1:], strict=False):
        hertz = frequency(pitches[note["bar"], note["note"]])
        seconds = np.arange(round((stop - start) * RATE / 1000)) / RATE
        envelope = np.minimum(seconds / ATTACK_S, 1) * np.exp(-seconds / DECAY_S)
        first = round(start * RATE / 1000)
        samples[first : first + len(seconds)] += envelope * np.sin(2 * np.pi * hertz * seconds)
    mono = (samples * 20_000).astype(np.int16)
    return np.stack([mono, mono], axis=1)


# Records everything that reaches a context's destination with the frame at which it plays, and each picture: the time of what is
# heard when the page drew it, by the page's own clock, and the note that is lit. So it matters how the page draws, not how often.
RECORDER = """
const blob = new Blob([`registerProcessor("tap", class extends AudioWorkletProcessor {
  process([input]) { if (input[0]) this.port.postMessage([currentFrame, input[0].slice()]); return true; }
})`], { type: "text/javascript" });
window.heard = []; window.pictures = []; window.late = 0;
const Own = window.AudioContext;
window.AudioContext = class extends Own {
  constructor(...all) {
    super(...all);
    window.context = this;
    this.ready = this.audioWorklet.addModule(URL.createObjectURL(blob)).then(() => {
      this.tap = new AudioWorkletNode(this, "tap");
      this.tap.port.onmessage = ({ data }) => window.heard.push(data);
      connect.call(this.tap, this.destination);
    });
  }
  get currentTime() { return this.read = super.currentTime; }
  get outputLatency() {  // is read after the time, and before the note is lit
    const latency = super.outputLatency, time = this.read - (latency || 0);
    queueMicrotask(() => pictures.push([time, document.querySelector(".sounding")?.id ?? ""]));
    return latency;
  }
};
const connect = AudioNode.prototype.connect;
AudioNode.prototype.connect = function (target, ...rest) {
  if (target === this.context.destination && this.context.tap) return connect.call(this, this.context.tap, ...rest);
  return connect.call(this, target, ...rest);
};
const start = AudioBufferSourceNode.prototype.start;
AudioBufferSourceNode.prototype.start = function (when, ...rest) {
  if (when < this.context.currentTime) window.late += 1;
  return start.call(this, when, ...rest);
};
"""


async def heard(page: Page) -> tuple[NDArray[np.float32], int, int]:
    """What was recorded: samples, the frame of the first, and the sample rate. Forgets it."""
    text, first, rate = await page.evaluate(
        """async () => {
          await context.ready;
          const blocks = window.heard.splice(0);
          if (!blocks.length) return ["", 0, context.sampleRate];
          const start = blocks[0][0], last = blocks[blocks.length - 1];
          const all = new Float32Array(last[0] + last[1].length - start);
          for (const [frame, samples] of blocks) all.set(samples, frame - start);
          let text = "";
          const bytes = new Uint8Array(all.buffer);
          for (let at = 0; at < bytes.length; at += 32768) text += String.fromCharCode(...bytes.subarray(at, at + 32768));
          return [btoa(text), start, context.sampleRate];
        }"""
    )
    return np.frombuffer(base64.b64decode(text), dtype=np.float32), int(first), int(rate)


def attacks(samples: NDArray[np.float32], rate: int) -> list[float]:
    """When notes begin, in seconds: where the loudness of 4 ms is three times that of the 16 ms before."""
    step = rate // 500
    power = np.convolve(samples.astype(np.float64) ** 2, np.ones(2 * step) / (2 * step), "valid")[::step]
    found: list[float] = []
    for index in range(10, len(power)):
        loud = power[index] > 1e-4 and power[index] > 9 * power[index - 8 : index - 2].max()
        if loud and (not found or index * step / rate - found[-1] > 0.06):
            found.append(index * step / rate)
    return found


def pitch_of(samples: NDArray[np.float32], rate: int) -> float:
    """The frequency of the loudest partial."""
    window = samples * np.hanning(len(samples))
    spectrum = np.abs(np.fft.rfft(window, 1 << 17))
    return float(spectrum.argmax() * rate / (1 << 17))

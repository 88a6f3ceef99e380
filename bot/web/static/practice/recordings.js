// The recordings of a tune and of its versions, which the server makes when they are asked for.

/** @typedef {{ mp3: string, timeMap: string, sheet: string | null, narrow: string | null }} Files */
/** @typedef {{ instrument: string, semitones: number, heard: string }} Version */

const KEPT = 3; // decoded recordings: each takes 20 MB a minute

export class Recordings {
  /** @param {string} address of the tune @param {Files} own */
  constructor(address, own) {
    this.address = address;
    this.own = own;
    /** @type {Map<string, AudioBuffer>} */
    this.buffers = new Map();
  }

  /** The files of a version. Waits until the server has made them. @param {Version} version @returns {Promise<Files>} */
  async files(version) {
    if (!version.instrument && !version.semitones && version.heard === "all") return this.own;
    const body = new URLSearchParams({ ...version, semitones: String(version.semitones) });
    for (;;) {
      let response;
      try {
        response = await fetch(`${this.address}/versions`, { method: "POST", headers: { Accept: "application/json" }, body });
      } catch {
        return this.kept(version); // no network: it may have been kept
      }
      const answer = await response.json();
      if (!response.ok) throw new Error(answer.error);
      if (response.status === 202) continue; // it is still in the queue; the server waited before it answered
      const files = answer.files;
      return {
        mp3: files.mp3,
        timeMap: files["timemap.json"],
        sheet: files.svg ?? this.own.sheet,
        narrow: files["narrow.svg"] ?? this.own.narrow,
      };
    }
  }

  /** The files under the names that the server gives them. @param {Version} version @returns {Files} */
  kept({ instrument, semitones, heard }) {
    const name = `${this.address}/files/version.${instrument}.${semitones}.${heard}`;
    const sheets = semitones ? { sheet: `${name}.svg`, narrow: `${name}.narrow.svg` } : { sheet: this.own.sheet, narrow: this.own.narrow };
    return { mp3: `${name}.mp3`, timeMap: `${name}.timemap.json`, ...sheets };
  }

  /** @param {string} address @param {BaseAudioContext} context */
  async buffer(address, context) {
    let buffer = this.buffers.get(address);
    if (!buffer) {
      buffer = await context.decodeAudioData(await (await get(address)).arrayBuffer());
      this.buffers.set(address, buffer);
      if (this.buffers.size > KEPT) this.buffers.delete([...this.buffers.keys()][0]);
    }
    return buffer;
  }
}

/** @param {string} address */
export async function get(address) {
  const response = await fetch(address);
  if (!response.ok) throw new Error(); // the practice bar says what to do
  return response;
}

// What abc2svg plays: a second opinion where our reader and abc2midi differ. Used by playback.py.
//
//     node abc2svg.js FOLDER < tunes.jsonl     FOLDER holds node_modules with abc2svg
//
// Each line of the input is the text of a tune as a JSON string. Each line of the output is
// [[onset in quarter notes, MIDI pitch], ...] of the first voice, or null if abc2svg failed. The tunes must play at 60 quarter
// notes a minute.
"use strict"
const fs = require("fs"), path = require("path"), vm = require("vm")
const modules = path.join(path.resolve(process.argv[2]), "node_modules")
const load = (name) => vm.runInThisContext(fs.readFileSync(path.join(modules, "abc2svg", name), "utf8"), name)
load("abc2svg-1.js")
globalThis.document = { createElement: () => ({}), head: { appendChild() {} } } // the player adds a style to its page when it loads
load("snd-1.js")
delete globalThis.document
const svg = vm.runInThisContext("abc2svg")
const toAudio = vm.runInThisContext("ToAudio")

function playedNotes(text) {
    const notes = []
    const abc = new svg.Abc({ img_out() {}, errmsg() {}, errbld() {}, read_file() { return "" } })
    abc.tosvg("tune", text)
    const [first, voices, , format] = abc.tunes[0]
    toAudio().add(first, voices, format)
    svg.play_next({
        conf: { speed: 1 }, tgen: 36000, v_c: [], c_i: [], stop: false, s_end: null, s_cur: first, repn: false, repv: 0,
        get_time: () => -0.3,
        midi_ctrl() {},
        onend() {},
        note_run(player, symbol, key, time) { if (symbol.p_v.v === 0) notes.push([time, key]) },
    })
    return notes
}

function attempt(play, text) {
    try { return play(text) } catch { return null }
}

for (const line of fs.readFileSync(0, "utf8").split("\n").filter(Boolean)) {
    const text = JSON.parse(line)
    console.log(JSON.stringify(attempt(playedNotes, text)))
}
process.exitCode = 0
process.stdout.write("", () => process.exit()) // abc2svg does not stop its timers

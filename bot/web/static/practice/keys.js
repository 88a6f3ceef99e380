// The keys of the practice bar.

/**
 * Acts on keys, but leaves to fields, to buttons and to the browser's player what is theirs.
 * @param {Record<string, () => unknown>} acts by key
 * @param {() => boolean} wanted
 */
export function listenToKeys(acts, wanted) {
  addEventListener("keydown", (event) => {
    const target = event.target instanceof HTMLElement ? event.target : document.body;
    if (event.ctrlKey || event.metaKey || event.altKey || !wanted()) return;
    if (target.closest("textarea, select, pre, audio, [contenteditable], input:not([type=checkbox], [type=radio], [type=range])")) return;
    if (event.key.startsWith("Arrow") && target.matches("[type=radio], [type=range]")) return;
    if (event.key === " " && target.closest("button, a, summary, [type=checkbox], [type=radio]")) return;
    const act = acts[event.key] ?? acts[event.key.toLowerCase()];
    if (!act) return;
    event.preventDefault();
    act();
  });
}

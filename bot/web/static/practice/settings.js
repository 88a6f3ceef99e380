// What a visitor has set in the practice bar, kept in the browser.

const KEY = "practice";

/** @returns {Record<string, any>} */
export function stored() {
  try {
    return JSON.parse(localStorage.getItem(KEY) ?? "{}");
  } catch {
    return {}; // no storage, or not ours
  }
}

/** @param {Record<string, any>} changes */
export function store(changes) {
  try {
    localStorage.setItem(KEY, JSON.stringify({ ...stored(), ...changes }));
  } catch {
    // Private windows may have no storage: the settings last as long as the page.
  }
}

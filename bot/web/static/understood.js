// Reads along while somebody types: shows what is understood as chips, and sets the fields of the form to it.
// Fields that were set so are not sent: the server reads the text itself. Once a person changes a field, it is theirs.

const PAUSE_MS = 250;
/** @type {Record<string, string[]>} other fields that a field replaces */
const REPLACED = { other_key: ["key"], key: ["other_key"], mood: ["tempo", "temperature"] };

/** @param {HTMLFormElement} form @param {string} name @returns {(HTMLInputElement | HTMLSelectElement | HTMLTextAreaElement)[]} */
const controls = (form, name) => [...form.querySelectorAll(/** @type {"input"} */ (`[name="${name}"]:not([type="hidden"])`))];

/** @param {HTMLElement} control @returns {control is HTMLInputElement} */
const isBox = (control) => control instanceof HTMLInputElement && ["radio", "checkbox"].includes(control.type);

/** @param {HTMLFormElement} form @param {string} name @param {string} value */
function setTo(form, name, value) {
  for (const control of controls(form, name)) {
    if (isBox(control)) control.checked = value.split(", ").includes(control.value);
    else control.value = value;
    control.dispatchEvent(new Event("input"));
  }
}

/** @param {HTMLFormElement} form @param {string} name */
function reset(form, name) {
  for (const control of controls(form, name)) {
    if (isBox(control)) control.checked = control.defaultChecked;
    else if (control instanceof HTMLSelectElement) for (const option of control.options) option.selected = option.defaultSelected;
    else control.value = control.defaultValue;
    control.dispatchEvent(new Event("input"));
  }
  for (const control of controls(form, name)) {
    if (control instanceof HTMLSelectElement && control.selectedIndex < 0) control.selectedIndex = 0;
  }
}

/**
 * Whether the page came with a value for the field, from an earlier tune or from a form that was refused.
 * @param {HTMLFormElement} form
 * @param {string} name
 */
function isSet(form, name) {
  return controls(form, name).some((control) => {
    if (control.type === "range" || control.type === "checkbox") return false;
    if (isBox(control)) return control.defaultChecked && control.value !== "";
    if (control instanceof HTMLSelectElement) return [...control.options].some((option) => option.defaultSelected && option.value);
    return control.defaultValue !== "";
  });
}

/** @param {HTMLFormElement} form */
export function readAlong(form) {
  const text = /** @type {HTMLTextAreaElement} */ (form.elements.namedItem("text"));
  const region = /** @type {HTMLElement} */ (form.querySelector("[data-understood]"));
  /** @type {Set<string>} fields that the person set */
  const theirs = new Set();
  /** @type {Set<string>} fields that follow the text */
  let ours = new Set();
  let asked = 0;
  let pause = 0;

  const follow = () => {
    const list = region.querySelector("ul");
    const wanted = new Map();
    for (const chip of list?.querySelectorAll("li") ?? []) {
      const { name = "", value = "" } = chip.dataset;
      if (name === "opening" || name === "count" || chip.querySelector("input")?.checked) continue;
      if (name === "key" && !controls(form, "key").some((radio) => radio.value === value)) wanted.set("other_key", value);
      else wanted.set(name, value);
    }
    if (list?.dataset.mood && (wanted.has("tempo") || wanted.has("temperature"))) wanted.set("mood", list.dataset.mood);
    const before = ours;
    ours = new Set();
    for (const [name, value] of wanted) {
      if (theirs.has(name) || isSet(form, name)) continue;
      setTo(form, name, value);
      ours.add(name);
    }
    for (const name of before) if (!ours.has(name) && !theirs.has(name)) reset(form, name);
  };

  const read = async () => {
    const number = ++asked;
    const sent = new URLSearchParams({ text: text.value });
    /** @type {NodeListOf<HTMLInputElement>} */
    const boxes = region.querySelectorAll("input:checked");
    for (const box of boxes) sent.append("ignored", box.value);
    try {
      const response = await fetch("/understood", { method: "POST", body: sent });
      if (number !== asked || !response.ok) return;
      region.innerHTML = await response.text();
      follow();
    } catch {
      // No connection: the text is read when it is sent.
    }
  };

  text.addEventListener("input", () => {
    clearTimeout(pause);
    pause = setTimeout(read, PAUSE_MS);
  });
  form.addEventListener("input", (event) => {
    const target = /** @type {HTMLInputElement} */ (event.target);
    const { name } = target;
    if (!event.isTrusted || name === "text") return;
    if (name === "ignored") {
      for (const each of [target.value, "other_key", "mood"]) if (!target.checked) theirs.delete(each);
      return follow();
    }
    // What the person sets replaces what the text says.
    for (const each of [name, ...(REPLACED[name] ?? [])]) {
      theirs.add(each);
      ours.delete(each);
      const chip = /** @type {HTMLInputElement | null} */ (region.querySelector(`input[name="ignored"][value="${each}"]`));
      if (chip) chip.checked = true;
      if (each !== name) reset(form, each);
    }
  });
  form.addEventListener("formdata", (event) => {
    for (const name of ours) event.formData.delete(name);
  });
  const readRestored = () => {
    if (text.value !== text.defaultValue || region.querySelector("ul")) read();
  };
  if (document.readyState === "complete") readRestored();
  addEventListener("pageshow", readRestored);
}

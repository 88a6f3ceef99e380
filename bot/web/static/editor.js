// The editor: draws the sheet, underlines errors while somebody types, and sends what comes before the cursor.

import { KeptBars } from "./kept_bars.js";

const PAUSE_MS = 250;
const NARROW = matchMedia("(max-width: 40rem)");

/** @param {HTMLFormElement} form */
function edit(form) {
  const text = /** @type {HTMLTextAreaElement} */ (form.querySelector("textarea"));
  const under = /** @type {HTMLElement} */ (form.querySelector("[data-under]"));
  const errors = /** @type {HTMLElement} */ (form.querySelector("[data-errors]"));
  const sheet = /** @type {HTMLElement} */ (form.querySelector("[data-drawing]"));
  const choice = /** @type {HTMLElement} */ (form.querySelector("[data-choice]"));
  const select = /** @type {HTMLSelectElement} */ (choice.querySelector("select"));
  const keep = /** @type {HTMLInputElement} */ (form.querySelector("[name=keep]"));
  const told = /** @type {HTMLElement} */ (form.querySelector("[data-told]"));
  const kept = new KeptBars(/** @type {HTMLElement} */ (sheet.querySelector("[role=listbox]")), keep, told);
  let keeps = false; // whether the button was pressed that keeps bars
  /** @type {any[]} */
  let tunes = [];
  let timer = 0;
  let asked = 0;
  let line = 0;
  let selection = "";

  const lineAt = (/** @type {number} */ position) => text.value.slice(0, position).split("\n").length;
  const startOf = (/** @type {number} */ number) => text.value.split("\n").slice(0, number - 1).join("\n").length + (number > 1 ? 1 : 0);
  const selected = () => text.value.slice(text.selectionStart, text.selectionEnd);
  const chosen = () => tunes.findLast((tune) => tune.first_line <= lineAt(text.selectionEnd)) ?? tunes[0];

  const check = async () => {
    const number = ++asked;
    line = lineAt(text.selectionEnd);
    selection = selected();
    const before = text.value.slice(startOf(chosen()?.first_line ?? 1), text.selectionStart);
    const bars = NARROW.matches ? "2" : "4";
    const body = new URLSearchParams({ opening: text.value, line: String(line), bars, before, selected: selection });
    let answer;
    try {
      const response = await fetch("/editor/check", { method: "POST", headers: { Accept: "application/json" }, body });
      if (!response.ok) return;
      answer = await response.json();
    } catch {
      return; // no network: the next key tries again
    }
    if (number !== asked) return;
    tunes = answer.tunes;
    if (answer.selected || (choice.dataset.current ?? "0") !== String(answer.chosen)) keep.value = answer.selected;
    showErrors();
    showChoice(answer.chosen);
    sheet.hidden = told.hidden = !answer.drawing;
    if (!answer.drawing) return;
    const svg = document.importNode(new DOMParser().parseFromString(answer.drawing, "image/svg+xml").documentElement, true);
    svg.setAttribute("role", "img");
    svg.setAttribute("aria-label", tunes[answer.chosen].label);
    /** @type {HTMLElement} */ (sheet.querySelector("[data-picture]")).replaceChildren(svg);
    kept.show(svg);
  };

  const showErrors = () => {
    const parts = [];
    const items = [];
    let at = 0;
    for (const { error, notices } of tunes) {
      if (error) {
        const start = startOf(error.line) + error.column - 1;
        parts.push(text.value.slice(at, start));
        const mark = document.createElement("mark");
        at = Math.max(Math.min(start + error.length, text.value.length), start);
        mark.textContent = text.value.slice(start, at) || " ";
        parts.push(mark);
        items.push(item(error.message, "wrong"));
      }
      items.push(...notices.map((/** @type {string} */ notice) => item(notice, "")));
    }
    under.replaceChildren(...parts, `${text.value.slice(at)}\n`);
    const told = items.map((each) => each.textContent).join("\n");
    if (told !== [...errors.children].map((each) => each.textContent).join("\n")) errors.replaceChildren(...items);
    text.setAttribute("aria-invalid", String(tunes.some((tune) => tune.error)));
    under.scrollTop = text.scrollTop;
  };

  const showChoice = (/** @type {number} */ current) => {
    choice.hidden = tunes.length < 2;
    select.replaceChildren(...tunes.map((tune, number) => new Option(tune.title, String(number))));
    select.value = choice.dataset.current = String(current);
  };

  const soon = () => {
    clearTimeout(timer);
    timer = setTimeout(check, PAUSE_MS);
  };
  text.addEventListener("input", soon);
  text.addEventListener("scroll", () => (under.scrollTop = text.scrollTop));
  document.addEventListener("selectionchange", () => {
    if (document.activeElement === text && (lineAt(text.selectionEnd) !== line || selected() !== selection)) soon();
  });
  NARROW.addEventListener("change", check);
  select.addEventListener("change", () => {
    const tune = tunes[Number(select.value)];
    const end = startOf(tune.last_line + 1) - 1;
    text.focus();
    text.setSelectionRange(end, end);
    check();
  });
  form.addEventListener("submit", (event) => {
    keeps = Boolean(event.submitter?.matches("[data-keeps]"));
    if (!keeps || keep.value.trim()) return;
    event.preventDefault();
    errors.replaceChildren(item(/** @type {HTMLElement} */ (form.querySelector("[data-keeps]")).dataset.keeps ?? "", "wrong"));
    keep.focus();
  });
  form.addEventListener("formdata", (event) => {
    if (!keeps) event.formData.delete("keep");
    const tune = chosen();
    if (!tune) return;
    const mode = event.formData.get("mode");
    const end = mode === "continue" ? text.selectionEnd : startOf(tune.last_line + 1);
    const before = text.value.slice(startOf(tune.first_line), Math.max(end, startOf(tune.first_line)));
    // With the cursor in the header, or before any bar, the whole tune goes on.
    const opening = before.includes("|") ? before : text.value.slice(startOf(tune.first_line), startOf(tune.last_line + 1));
    event.formData.set("opening", opening);
  });
  check();
}

/** @param {string} words @param {string} kind */
function item(words, kind) {
  const element = document.createElement("li");
  element.className = kind;
  element.textContent = words;
  return element;
}

const form = document.querySelector("[data-editor]");
if (form instanceof HTMLFormElement) edit(form);

// Menus: of a message, a person, the member switch. Arrows move, Enter picks, Escape closes.

import { h } from "./dom.js";
import { closePopup, popup } from "./popup.js";

/**
 * @typedef {object} Entry
 * @property {string} [label]
 * @property {() => void} [run]
 * @property {Node | null} [icon]
 * @property {string} [heading] instead of the rest: a heading above what follows
 * @property {boolean} [danger]
 * @property {boolean} [checked] makes it one of several, of which one holds
 * @property {string} [detail] beside the label
 * @property {string} [hint] below the label
 */

/**
 * Open a menu beside *anchor*, or at a point.
 * @param {HTMLElement} anchor
 * @param {(Entry | null | false)[]} entries
 * @param {{label: string, at?: {x: number, y: number}}} options
 */
export function openMenu(anchor, entries, { label, at }) {
  const menu = h("div", { role: "menu", class: "menu", "aria-label": label }, entries.filter(Boolean).map(row));
  menu.addEventListener("keydown", (event) => keys(menu, event));
  popup(anchor, menu, { at });
  const rows = items(menu);
  (rows.find((one) => one.getAttribute("aria-checked") === "true") ?? rows[0])?.focus();
}

function row(entry) {
  if (entry.heading) return h("div", { class: "heading", role: "presentation" }, entry.heading);
  const run = () => {
    closePopup();
    entry.run();
  };
  const role = entry.checked === undefined ? { role: "menuitem" } : { role: "menuitemradio", "aria-checked": String(entry.checked) };
  return h(
    "button",
    { type: "button", tabindex: "-1", class: entry.danger ? "item danger" : "item", ...role, onclick: run },
    entry.icon,
    h("span", { class: "label" }, entry.label, entry.hint ? h("small", { class: "hint" }, entry.hint) : null),
    entry.detail ? h("span", { class: "detail" }, entry.detail) : null,
  );
}

const items = (menu) => [...menu.querySelectorAll("button")];

function keys(menu, event) {
  const all = items(menu);
  const at = all.indexOf(document.activeElement);
  const to = { ArrowDown: at + 1, ArrowUp: at - 1, Home: 0, End: all.length - 1 }[event.key];
  if (event.key === "Tab") closePopup();
  if (to === undefined) return;
  event.preventDefault();
  all[(to + all.length) % all.length].focus();
}

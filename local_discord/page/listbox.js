// A list of suggestions steered from a text field: arrows move, Enter and Tab pick, Escape closes.
// Source of the pattern: WAI-ARIA Authoring Practices, Combobox.

import { fill, freshId, h } from "./dom.js";

/**
 * @typedef {object} Item
 * @property {string} label
 * @property {string} [detail]
 * @property {Node | null} [icon]
 * @property {string} [group] items of one group stand under its name
 * @property {boolean} [chosen] of a list in which several may be chosen
 * @property {any} [value]
 */

export class Listbox {
  /**
   * @param {HTMLElement} input the text field; it becomes a combobox, which one of several lines may not be
   * @param {{label: string, onpick: (item: Item) => void, multiple?: boolean}} options
   */
  constructor(input, { label, onpick, multiple = false }) {
    this.input = input;
    this.onpick = onpick;
    this.multiple = multiple;
    this.active = -1;
    /** @type {Item[]} */
    this.items = [];
    const id = freshId("list");
    this.element = h("div", { id, role: "listbox", class: "listbox", "aria-label": label, "aria-multiselectable": multiple && "true" });
    this.element.addEventListener("pointerdown", (event) => event.preventDefault()); // the field keeps the focus
    this.isCombobox = input.tagName !== "TEXTAREA";
    const kind = this.isCombobox ? ["role", "combobox"] : ["aria-haspopup", "listbox"];
    for (const [name, value] of [kind, ["aria-autocomplete", "list"], ["aria-controls", id]]) input.setAttribute(name, value);
    this.tellOpen();
  }

  get isOpen() {
    return this.items.length > 0;
  }

  /**
   * Show *items*; none closes the list. *note* stands where there is nothing to pick.
   * @param {Item[]} items
   * @param {{active?: number, note?: string}} [options]
   */
  show(items, { active = 0, note = "" } = {}) {
    this.items = items;
    this.active = Math.min(active, items.length - 1);
    let group = "";
    const rows = items.flatMap((item, at) => {
      const heading = item.group && item.group !== group ? [h("div", { class: "group", role: "presentation" }, item.group)] : [];
      group = item.group ?? group;
      return [...heading, this.row(item, at)];
    });
    fill(this.element, rows, !items.length && note ? h("div", { class: "note", role: "status" }, note) : null);
    this.element.hidden = !items.length && !note;
    this.element.setAttribute("role", items.length ? "listbox" : "group"); // a list of options has at least one
    this.tellOpen();
    this.mark();
  }

  tellOpen() {
    if (this.isCombobox) this.input.setAttribute("aria-expanded", String(this.isOpen));
  }

  hide() {
    this.show([]);
  }

  row(item, at) {
    const props = { role: "option", id: `${this.element.id}-${at}`, class: "option", "aria-selected": "false" };
    const check = this.multiple ? h("span", { class: item.chosen ? "check on" : "check", "aria-hidden": "true" }) : null;
    return h(
      "div",
      { ...props, onclick: () => this.onpick(item), onpointermove: () => this.active !== at && this.move(at) },
      item.icon,
      h("span", { class: "label" }, item.label),
      item.detail ? h("span", { class: "detail" }, item.detail) : null,
      check,
    );
  }

  move(at) {
    this.active = at;
    this.mark();
  }

  mark() {
    const options = this.element.querySelectorAll("[role=option]");
    options.forEach((option, at) => {
      option.classList.toggle("active", at === this.active);
      const chosen = this.multiple ? this.items[at].chosen : at === this.active;
      option.setAttribute("aria-selected", String(Boolean(chosen)));
    });
    const current = options[this.active];
    current?.scrollIntoView({ block: "nearest" });
    if (current) this.input.setAttribute("aria-activedescendant", current.id);
    else this.input.removeAttribute("aria-activedescendant");
  }

  /**
   * Handle a key of the field.
   * @param {KeyboardEvent} event
   * @returns {boolean} whether the list used it
   */
  key(event) {
    if (!this.isOpen || event.isComposing) return false;
    const last = this.items.length - 1;
    const steps = { ArrowDown: 1, ArrowUp: -1, PageDown: 8, PageUp: -8 };
    if (event.key in steps) {
      const wrapped = this.active + steps[event.key];
      this.move(wrapped > last ? 0 : wrapped < 0 ? last : wrapped);
    } else if ((event.key === "Enter" || (event.key === "Tab" && !event.shiftKey)) && this.active >= 0) {
      this.onpick(this.items[this.active]);
    } else if (event.key === "Escape") {
      this.hide();
    } else {
      return false;
    }
    event.preventDefault();
    event.stopPropagation();
    return true;
  }
}

// The parts of an element, drawn one by one: what did not change stays, with all that a person did to it.

import { handOver } from "./dom.js";

/** @typedef {[name: string, value: unknown, make: () => HTMLElement | null]} Part value: what its looks depend on */

export class Parts {
  /** @param {HTMLElement} parent whose first children the parts are */
  constructor(parent) {
    this.parent = parent;
    /** @type {Map<string, {sign: string, node: HTMLElement | null}>} */
    this.known = new Map();
  }

  /** Show these parts, in this order. @param {(Part | null | false)[]} wanted */
  show(wanted) {
    const list = wanted.filter(Boolean);
    const names = new Set(list.map(([name]) => name));
    for (const [name, { node }] of this.known) {
      if (names.has(name)) continue;
      if (node) swap(node, null);
      this.known.delete(name);
    }
    let at = this.parent.firstChild;
    for (const [name, value, make] of list) {
      const before = this.known.get(name);
      const sign = JSON.stringify(value) ?? "";
      const part = before?.sign === sign ? before : { sign, node: make() };
      this.known.set(name, part);
      if (before?.node && before.node !== part.node) {
        if (at === before.node) at = before.node.nextSibling;
        swap(before.node, part.node);
      }
      if (!part.node) continue;
      if (part.node === at) at = at.nextSibling;
      else if (part.node.nextSibling !== at || part.node.parentNode !== this.parent) this.parent.insertBefore(part.node, at);
    }
  }
}

/** Put *after* in the place of *before*; null leaves it empty. */
function swap(before, after) {
  const change = () => (after ? before.replaceWith(after) : before.remove());
  handOver(before, after ?? document.createElement("span"), change, before.closest("li"));
}

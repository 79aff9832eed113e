// Short notes at the foot of the page: what was refused, and why.

import { Refused } from "./api.js";
import { h } from "./dom.js";

const SHOWN_MS = 6000;

/** @param {string} text */
export function toast(text) {
  const note = h("div", { class: "toast" }, text);
  document.getElementById("toasts").appendChild(note);
  setTimeout(() => note.remove(), SHOWN_MS);
}

/**
 * Do *act*; when the local Discord refuses, say so.
 * @param {() => Promise<any>} act
 */
export async function attempt(act) {
  try {
    return await act();
  } catch (error) {
    if (!(error instanceof Refused)) throw error;
    toast(error.message);
    return null;
  }
}

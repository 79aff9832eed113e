// A floating box beside whatever opened it: closes on Escape and on a click elsewhere, gives the focus back.

import { h, living } from "./dom.js";

const GAP = 6;
const EDGE = 8;

/** @type {{close: (refocus?: boolean) => void} | null} */
let open = null;

/** Close the popup that is open, if any. */
export function closePopup() {
  open?.close(false);
}

/**
 * Show *content* beside *anchor*.
 * @param {HTMLElement} anchor
 * @param {HTMLElement} content
 * @param {{at?: {x: number, y: number}, match?: boolean, onclose?: () => void}} [options]
 *   at: a point instead of the anchor; match: at least as wide as the anchor.
 * @returns {{close: (refocus?: boolean) => void, place: () => void}}
 */
export function popup(anchor, content, { at, match = false, onclose } = {}) {
  closePopup();
  // Beside a dialog everything is inert, so what a dialog opens lives inside it.
  const host = anchor.closest("dialog") ?? document.body;
  const box = h("div", { class: "popup" }, content);
  host.appendChild(box);
  const place = () => placeBeside(box, at ?? living(anchor).getBoundingClientRect(), match);
  const outside = (event) => !box.contains(event.target) && !living(anchor).contains(event.target) && close(false);
  const keys = (event) => {
    if (event.key !== "Escape") return;
    event.preventDefault();
    event.stopPropagation();
    close(true);
  };
  function close(refocus = true) {
    if (open !== self) return;
    open = null;
    box.remove();
    document.removeEventListener("pointerdown", outside, true);
    host.removeEventListener("keydown", keys, true);
    removeEventListener("resize", place);
    const now = living(anchor);
    now.setAttribute("aria-expanded", "false");
    if (refocus && now.isConnected) now.focus({ preventScroll: true });
    onclose?.();
  }
  document.addEventListener("pointerdown", outside, true);
  host.addEventListener("keydown", keys, true);
  addEventListener("resize", place);
  anchor.setAttribute("aria-expanded", "true");
  const self = { close, place };
  open = self;
  place();
  return self;
}

/** Put *box* below the anchor, or above when there is more room; never outside the window. */
export function placeBeside(box, anchor, match = false) {
  const left = anchor.left ?? anchor.x;
  const top = anchor.top ?? anchor.y;
  const bottom = anchor.bottom ?? anchor.y;
  if (match) box.style.minWidth = `${Math.min(anchor.width, innerWidth - 2 * EDGE)}px`;
  const below = innerHeight - bottom - GAP - EDGE;
  const above = top - GAP - EDGE;
  const up = below < Math.min(box.scrollHeight, 320) && above > below;
  box.style.maxHeight = `${Math.max(120, up ? above : below)}px`;
  const { width, height } = box.getBoundingClientRect();
  box.style.left = `${Math.max(EDGE, Math.min(left, innerWidth - width - EDGE))}px`;
  box.style.top = `${up ? Math.max(EDGE, top - GAP - height) : bottom + GAP}px`;
}

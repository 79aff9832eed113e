// The tour of a first visit. Its steps are handed in by whoever embeds the local Discord; without any there is no tour.

import { asked } from "./address.js";
import { closeDialog, showDialog } from "./dialog.js";
import { fill, freshId, h } from "./dom.js";
import { lang, t } from "./i18n.js";
import { prose } from "./markdown.js";
import { go } from "./nav.js";
import { placeBeside } from "./popup.js";
import { memberById, on, state } from "./store.js";

const KEY = "page.tour";
const SEEN = "seen";
const RING_PX = 5; // between a part of the page and the ring round it
const EDGE_PX = 12;
/** The parts of the page that a step can point at, beside `channel:NAME`. */
const PARTS = {
  composer: "#main .composer .line:not([hidden])",
  clock: "#main [data-focus='control-main-clock']",
  switcher: "#sidebar .who",
  "drawer-toggle": "#drawer-toggle",
};

/** @type {Tour | null} */
let shown = null;
let isWanted = asked("tour") !== null;

/** Give the tour to whoever has not seen it, or asks for it in the address. */
export function offerTour() {
  on("tour", () => {
    if (!state.tour.length || (!isWanted && localStorage.getItem(KEY) === SEEN)) return;
    isWanted = false;
    startTour();
  });
  on("state", () => shown?.place());
  addEventListener("resize", () => shown?.place());
}

/** Show the first step; nothing happens while another dialog is open. */
export function startTour() {
  if (document.querySelector("dialog[open]")) return;
  shown = new Tour(state.tour);
  shown.show(0);
}

class Tour {
  /** @param {{title: Record<string, string>, text: Record<string, string>, target: string}[]} steps */
  constructor(steps) {
    this.steps = steps;
    this.at = 0;
    this.ring = h("div", { class: "ring", "aria-hidden": "true" });
    this.title = h("h2", { id: freshId("tour") });
    this.text = h("div", { id: freshId("tour") });
    this.count = h("small", { class: "dim" });
    const button = (kind, text, onclick) => h("button", { type: "button", class: `button small ${kind}`, onclick }, text);
    this.skip = button("quiet", t("tour.skip"), () => closeDialog(this.dialog));
    this.back = button("secondary", t("tour.back"), () => this.show(this.at - 1));
    this.next = button("primary", "", () => this.goOn());
    const words = h("div", { class: "words", "aria-live": "polite" }, this.title, this.text);
    this.card = h("div", { class: "card" }, words, h("footer", {}, this.count, this.skip, this.back, this.next));
    const about = { "aria-labelledby": this.title.id, "aria-describedby": this.text.id };
    // A click beside the buttons takes the focus from none of them, so that the keys go on working.
    const keep = (event) => event.target.closest("button, a") || event.preventDefault();
    this.dialog = h("dialog", { class: "tour", ...about, onkeydown: (event) => this.keys(event), onmousedown: keep }, this.ring, this.card);
    this.dialog.addEventListener("gone", ended);
    showDialog(this.dialog);
  }

  /** @param {number} at the step, from 0 */
  show(at) {
    this.at = at;
    const { title, text, target } = this.steps[at];
    const isLast = at === this.steps.length - 1;
    fill(this.title, inLanguage(title));
    fill(this.text, prose(inLanguage(text)));
    this.count.textContent = t("tour.count", { n: at + 1, all: this.steps.length });
    this.back.hidden = at === 0;
    this.skip.hidden = isLast;
    this.next.textContent = t(isLast ? "tour.done" : "tour.next");
    const channel = channelOf(target);
    if (channel) go(channel.id);
    partOf(target)?.scrollIntoView({ block: "nearest" });
    this.place();
    this.next.focus();
  }

  goOn() {
    if (this.at < this.steps.length - 1) this.show(this.at + 1);
    else closeDialog(this.dialog);
  }

  /** Put the ring round what the step points at, and the card beside it; without that, the card in the middle. */
  place() {
    const { target } = this.steps[this.at];
    const part = partOf(target);
    this.dialog.classList.toggle("pointing", Boolean(part));
    this.card.removeAttribute("style");
    if (!part) return;
    const { left, top, width, height } = part.getBoundingClientRect();
    const ring = new DOMRect(left - RING_PX, top - RING_PX, width + 2 * RING_PX, height + 2 * RING_PX);
    for (const side of ["left", "top", "width", "height"]) this.ring.style[side] = `${ring[side]}px`;
    placeBeside(this.card, ring);
    // On a phone a channel's step speaks of what is now seen there, whose head is further up than its end.
    if (channelOf(target) && part.id === "nav-toggle") Object.assign(this.card.style, { top: "auto", bottom: `${EDGE_PX}px` });
  }

  keys(event) {
    const buttons = [this.skip, this.back, this.next].filter((one) => !one.hidden);
    const at = buttons.indexOf(document.activeElement);
    const act = {
      ArrowRight: () => this.at < this.steps.length - 1 && this.goOn(),
      ArrowLeft: () => this.at > 0 && this.show(this.at - 1),
      Tab: () => buttons.at((at + (event.shiftKey ? -1 : 1)) % buttons.length)?.focus(),
    }[event.key];
    if (!act) return;
    event.preventDefault();
    act();
  }
}

function ended() {
  shown = null;
  localStorage.setItem(KEY, SEEN);
}

/** The words in the page's language, or in English, or as they are there. @param {Record<string, string>} words */
function inLanguage(words) {
  const said = words[lang()] ?? words.en ?? Object.values(words)[0];
  return said.replaceAll("{me}", memberById(state.me)?.name ?? "");
}

const channelOf = (target) => state.channels.find((one) => target === `channel:${one.name}`);

/** The part of the page, or the button of the list of channels while it is in there and the list is closed. */
function partOf(target) {
  const channel = channelOf(target);
  const selector = channel ? `#sidebar a[href="#${channel.id}"]` : PARTS[target];
  const found = selector && document.querySelector(selector);
  if (!found) return null;
  return found.checkVisibility({ visibilityProperty: true }) ? found : document.getElementById("nav-toggle");
}

// Where the viewer is. The address's hash says it too, so that links, reload and the back button work.

import { look } from "./live.js";
import { DISCORD_LINK } from "./mentions.js";
import { DM, channelById, emit, isDm, place, state } from "./store.js";

/**
 * Go to a channel, thread or DM, and to one message in it.
 * @param {string} channel
 * @param {string} [message]
 * @param {{write?: boolean, top?: boolean}} [options] write: the message box takes the keys, where there is no keyboard
 *   on the screen; top: the message stands at the top, with what came after it below, else in the middle
 */
export function go(channel, message = "", { write = false, top = false } = {}) {
  const found = channelById(channel);
  place.main = found && isDm(found) ? DM : channel;
  if (place.side === place.main) place.side = "";
  const hash = `#${place.main}${message ? `/${message}` : ""}`;
  if (location.hash !== hash) history.pushState(null, "", hash);
  changed(message, write, top);
}

const TWO_COLUMNS = matchMedia("(min-width: 971px)"); // as in layout.css

/** Whether there is room for a thread beside its channel. */
export const hasTwoColumns = () => TWO_COLUMNS.matches;

const NARROW = matchMedia("(max-width: 700px)"); // as in layout.css

/** Whether the list of channels slides in, as on a phone. */
export const isNarrow = () => NARROW.matches;

/** Open a thread beside the channel; none closes it. @param {string} thread */
export function beside(thread) {
  place.side = thread;
  changed("");
}

function changed(message, write = false, top = false) {
  emit("place", { message, top, write: write && hasTwoColumns() });
  look();
}

/** The first channel to show: the one in the address, else the one that a program has named, else #general, else the first. */
export function start() {
  const [channel] = fromHash();
  const { channels, home } = state;
  const first = channels.find((one) => one.id === home) ?? channels.find((one) => one.name === "general") ?? channels.find((one) => one.type === 0);
  go(channel || first?.id || DM);
}

const fromHash = () => decodeURIComponent(location.hash.slice(1)).split("/");

/** Follow the address and the links on the page. */
export function listen() {
  addEventListener("hashchange", follow);
  addEventListener("popstate", follow);
  document.addEventListener("click", (event) => {
    const anchor = event.target instanceof Element ? event.target.closest("a[href]") : null;
    const found = anchor && DISCORD_LINK.exec(anchor.href);
    if (!found) return;
    event.preventDefault();
    go(found[1], found[2]);
  });
}

function follow() {
  const [channel, message] = fromHash();
  if (channel && (channel !== place.main || message)) go(channel, message);
}

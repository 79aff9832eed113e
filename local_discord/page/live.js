// The one WebSocket: says what is looked at, takes in what changed, comes back by itself.

import { discordLocale } from "./i18n.js";
import { addressOf, apply, emit, place, state } from "./store.js";
import { setNow } from "./times.js";

const FIRST_MS = 200;
const LONGEST_MS = 4000;

/** @type {WebSocket | null} */
let socket = null;
let waitMs = FIRST_MS;
let timer = 0;
let viewer = "";
let looked = "";

/** Connect, and stay connected. */
export function connect() {
  clearTimeout(timer);
  socket = new WebSocket(`${location.protocol === "https:" ? "wss" : "ws"}://${location.host}/_page/ws`);
  socket.addEventListener("open", opened);
  socket.addEventListener("message", ({ data }) => receive(JSON.parse(data)));
  socket.addEventListener("close", closed);
}

function opened() {
  waitMs = FIRST_MS;
  emit("link", true);
  look();
}

function receive(frame) {
  if (frame.now_ms) setNow(frame.now_ms);
  apply(frame);
  if (frame.op === "state" && looked !== channels().join()) look(); // the DM has been opened: now it has an id
}

function closed() {
  emit("link", false);
  timer = setTimeout(connect, waitMs);
  waitMs = Math.min(waitMs * 2, LONGEST_MS);
}

/** Tell the server what is looked at. Call it after every change of `place`, the viewer or the language. */
export function look() {
  looked = channels().join();
  send({ op: "view", as: viewer, locale: discordLocale(), channels: channels(), log: place.log });
}

const channels = () => [place.main, place.side].filter(Boolean).map(addressOf);

/** Look as the member of this id. @param {string} id */
export function viewAs(id) {
  viewer = id;
  if (state.ready) state.me = id;
  look();
}

/** Everything in the channel has been read. @param {string} channel */
export const markRead = (channel) => send({ op: "read", channel });

/** Ask for earlier messages too. @param {string} channel */
export const askOlder = (channel) => send({ op: "older", channel });

/** Ask for the messages up to one that is further back. @param {string} channel @param {string} message */
export const askFor = (channel, message) => send({ op: "find", channel, message });

function send(frame) {
  if (socket?.readyState === WebSocket.OPEN) socket.send(JSON.stringify(frame));
}

// A phone that wakes up, or a network that is back, need not wait for the next attempt.
for (const name of ["online", "focus"]) {
  addEventListener(name, () => socket?.readyState === WebSocket.CLOSED && connect());
}

// What the page knows: the server's last word on people, channels and messages, and where the viewer is.

/**
 * @typedef {{id: string, name: string, username: string, bot: boolean, roles: string[], dms: boolean}} Member
 * @typedef {{connect: boolean, send: boolean, react: boolean, manage: boolean}} Abilities
 * @typedef {object} Channel
 * @property {string} id
 * @property {number} type 0 text, 1 DM, 2 voice, 4 category, 5 announcement, 10 to 12 threads, 15 forum
 * @property {string} [name]
 * @property {string | null} [parent_id]
 * @property {string} read the newest message that the viewer has seen
 * @property {boolean} unread
 * @property {number} mentions
 * @property {Abilities} can
 * @property {string[]} [voice] the ids of who is in a voice channel
 * @property {string[]} typing the ids of who is typing there
 * @property {boolean} [archived]
 * @property {boolean} [locked]
 */

export const VOICE = 2;
export const FORUM = 15;
export const DM = "dm"; // stands for the viewer's DM with the bot, whose id is not known before it is opened

export const state = {
  ready: false,
  me: "",
  guild: { id: "", name: "" },
  home: "", // the channel to begin with, if a program has named one
  application: { id: "", name: "" },
  /** @type {Member[]} */ members: [],
  /** @type {{id: string, name: string, color: number, position: number}[]} */ roles: [],
  /** @type {Channel[]} */ channels: [],
  sessions: 0,
  gateway_down: false,
  resume_down: false,
  frozen: false,
  silent: 0,
  clock_shift_s: 0,
  /** What a program beside the local Discord offers, the press that it carries out, what the last one led to. */
  /** @type {any[]} */ controls: [],
  /** @type {any} */ running: null,
  /** @type {any} */ report: null,
  /** @type {any[]} */ faults: [],
  /** @type {any[]} */ commands: [],
  /** @type {Record<string, string[]>} */ usable: {},
  /** @type {any[]} */ tour: [], // the steps of the tour, if there is one
};

/** Messages by channel, oldest first. @type {Map<string, {list: Map<string, any>, more: boolean}>} */
export const messages = new Map();

/** Where the viewer is: the channel in the middle, and the thread beside it. */
export const place = { main: "", side: "", log: false };

const events = new EventTarget();

/**
 * Call *listener* whenever *name* happens: "state", "commands", "tour", "place", "log", "link",
 * "missing", "pressed" (a control, by its press), or "messages".
 * @param {string} name
 * @param {(detail: any) => void} listener
 */
export function on(name, listener) {
  events.addEventListener(name, (event) => listener(/** @type {CustomEvent} */ (event).detail));
}

/** @param {string} name @param {any} [detail] */
export function emit(name, detail) {
  events.dispatchEvent(new CustomEvent(name, { detail }));
}

/** Take in one frame of the server. @param {any} frame */
export function apply({ op, ...data }) {
  if (op === "state" || op === "commands") {
    Object.assign(state, data);
    state.ready = true;
  }
  if (op === "tour") state.tour = data.steps;
  if (op === "messages") applyMessages(data);
  emit(op, data);
}

function applyMessages({ channel, first, upsert, gone, more }) {
  const known = first ? new Map() : (messages.get(channel)?.list ?? new Map());
  for (const id of gone) known.delete(id);
  for (const message of upsert) known.set(message.id, message);
  const sorted = [...known.entries()].sort(([a], [b]) => (BigInt(a) < BigInt(b) ? -1 : 1));
  messages.set(channel, { list: new Map(sorted), more });
}

/** Forget all messages: another member sees others. */
export function forgetMessages() {
  messages.clear();
}

/** @param {string} id @returns {Member | undefined} */
export const memberById = (id) => state.members.find((one) => one.id === id);

/** The name that Discord shows of a message's author or another user: in this server, else their own. @param {any} user */
export const nameOf = (user) => memberById(user.id)?.name ?? user.global_name ?? user.username;

/** @param {string} id @returns {Channel | undefined} */
export const channelById = (id) =>
  id === DM ? state.channels.find((one) => one.type === 1) : state.channels.find((one) => one.id === id);

/** @param {Channel} channel */
export const isThread = (channel) => [10, 11, 12].includes(channel.type);

/** @param {Channel} channel */
export const isDm = (channel) => channel.type === 1;

/** The name as it stands in text: "#general", a thread's own name, the bot's name. @param {Channel} channel */
export function channelLabel(channel) {
  if (isDm(channel)) return state.application.name;
  return isThread(channel) || channel.type === VOICE ? channel.name : `#${channel.name}`;
}

/** The icon before its name. @param {Channel} channel */
export function signOf(channel) {
  if (isDm(channel)) return "at";
  if (isThread(channel)) return "thread";
  return { [VOICE]: "voice", [FORUM]: "forum" }[channel.type] ?? "hash";
}

/** What `/_human` calls a place that may not exist yet. @param {string} id */
export function addressOf(id) {
  return id === DM ? (channelById(DM)?.id ?? `dm:${memberById(state.me)?.username}`) : id;
}

/** The colour of a member's name: that of the highest coloured role. @param {string} id */
export function nameColour(id) {
  const mine = memberById(id)?.roles ?? [];
  const coloured = state.roles.filter((one) => one.color && mine.includes(one.id));
  const top = coloured.sort((a, b) => b.position - a.position)[0];
  return top ? `#${top.color.toString(16).padStart(6, "0")}` : null;
}

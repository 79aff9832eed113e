// Mentions of people, roles, channels and commands, by what the viewer knows of them.

import { h } from "./dom.js";
import { icon } from "./icons.js";
import { channelById, channelLabel, memberById, signOf, state } from "./store.js";

const MOST_WHOLE = 12; // characters that a line of a phone has room for

/** The classes of a mention: a short name stays on one line with its sign. @param {string} name */
const looks = (name) => (name.length <= MOST_WHOLE ? "mention whole" : "mention");

/** A name behind its sign: a long one is broken, though not before its first letter. @param {string} name */
function signed(name) {
  const [first = "", ...rest] = name;
  return [h("span", { class: "whole" }, `@${first}`), rest.join("")];
}

/** @param {string} id */
export function userMention(id) {
  const name = memberById(id)?.name ?? "unknown-user";
  return h("span", { class: id === state.me ? `${looks(name)} me` : looks(name), data: { user: id } }, signed(name));
}

/** @param {string} id */
export function roleMention(id) {
  const name = state.roles.find((one) => one.id === id)?.name.replace(/^@/, "") ?? "unknown-role";
  return h("span", { class: looks(name) }, signed(name));
}

/** A channel's name as a link that opens it. @param {string} id */
export function channelMention(id) {
  const channel = channelById(id);
  const props = { class: "mention", data: { channel: id } };
  if (!channel) return h("span", props, "# unknown");
  return h("a", { ...props, href: `#${id}`, class: "mention channel-mention" }, channelLabel(channel));
}

/** A link to a channel or message of this server, wherever it leads on the real Discord. */
export const DISCORD_LINK = /^https:\/\/(?:\w+\.)?discord\.com\/channels\/(?:@me|\d+)\/(\d+)(?:\/(\d+))?\/?$/;

/**
 * Such a link, as "#channel › message".
 * @param {string} url
 * @param {string} id the channel
 * @param {boolean} isMessage
 */
export function placeMention(url, id, isMessage) {
  const channel = channelById(id);
  const name = channel ? channelLabel(channel).replace(/^#/, "") : "unknown";
  return h("a", { class: "mention", href: url, title: url }, icon(channel ? signOf(channel) : "hash"), name, isMessage ? " › 💬" : "");
}

/** @param {string} name */
export const commandMention = (name) => h("span", { class: "mention" }, `/${name}`);

/** @param {string} whom "everyone" or "here" */
export const everyoneMention = (whom) => h("span", { class: "mention" }, `@${whom}`);

/** Bring the names of mentioned channels up to date: threads are renamed while people read. */
export function refreshMentions() {
  for (const element of document.querySelectorAll("a.channel-mention")) {
    const channel = channelById(element.dataset.channel);
    const label = channel ? channelLabel(channel) : "# unknown";
    if (element.textContent !== label) element.textContent = label;
  }
}

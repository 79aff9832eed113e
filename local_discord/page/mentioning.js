// Mentions while writing: suggestions after @ and #, and the form in which they are sent.

import { h } from "./dom.js";
import { icon } from "./icons.js";
import { personItem, says } from "./people.js";
import { channelLabel, isDm, isThread, state } from "./store.js";

const MOST = 8;

/**
 * The word that begins with @ or # and ends at the caret.
 * @param {HTMLTextAreaElement} field
 */
export function wordAt(field) {
  const end = field.selectionStart;
  const found = /(?:^|\s)([@#][^\s@#]{0,40})$/u.exec(field.value.slice(0, end));
  return found ? { text: found[1], start: end - found[1].length, end } : null;
}

/** @param {string} word @returns {import("./listbox.js").Item[]} */
export function mentionItems(word) {
  const wanted = word.slice(1).toLowerCase();
  const all = word.startsWith("@") ? [...people(), ...roles()] : channels();
  return all.filter((one) => says(one, wanted)).slice(0, MOST);
}

const people = () =>
  state.members.map((one) => ({
    ...personItem(one),
    value: { text: `@${one.username}`, wire: `<@${one.id}>` },
  }));

const roles = () =>
  state.roles
    .filter((one) => one.id !== state.guild.id)
    .map((one) => ({ label: `@${one.name}`, icon: h("span", { class: "app-dot" }, icon("at")), value: { text: `@${one.name}`, wire: `<@&${one.id}>` } }));

const channels = () =>
  state.channels
    .filter((one) => !isDm(one) && !isThread(one))
    .map((one) => ({ label: channelLabel(one), icon: icon("hash"), value: { text: `#${one.name}`, wire: `<#${one.id}>` } }));

/**
 * Names as people write them, turned into what Discord sends. People before roles of the same name.
 * @param {string} text
 */
export function toWire(text) {
  const known = new Map();
  for (const { value } of [...roles(), ...channels(), ...people()]) known.set(value.text, value.wire);
  const names = [...known.keys()].sort((a, b) => b.length - a.length).map((one) => one.replace(/[.*+?^${}()|[\]\\]/g, "\\$&"));
  if (!names.length) return text;
  const pattern = new RegExp(`(?<![\\w<])(${names.join("|")})(?![\\w-])`, "gu");
  return text.replace(pattern, (name) => known.get(name));
}

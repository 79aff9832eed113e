// The commands that the viewer may use here, one entry per subcommand, as the picker lists them.

import { h } from "./dom.js";
import { icon } from "./icons.js";
import { localized, t } from "./i18n.js";
import { state } from "./store.js";

const CHAT = 1;
const SUBCOMMAND = 1;
const GROUP = 2;

/**
 * @typedef {{name: string, label: string, description: string, options: any[]}} Leaf
 *   name: as it is sent, "tickets list"; label: the same in the page's language.
 */

/** @param {string} channel @returns {Leaf[]} */
export function leavesFor(channel) {
  const usable = state.usable[channel] ?? [];
  const found = state.commands.filter((one) => one.type === CHAT && usable.includes(one.id));
  return found.flatMap((one) => leaves(one, "", "")).sort((a, b) => (a.label < b.label ? -1 : 1));
}

function leaves(node, before, beforeLabel) {
  const name = `${before}${node.name}`;
  const label = `${beforeLabel}${localized(node, "name")}`;
  const nested = (node.options ?? []).filter((one) => one.type === SUBCOMMAND || one.type === GROUP);
  if (nested.length) return nested.flatMap((one) => leaves(one, `${name} `, `${label} `));
  return [{ name, label, description: localized(node, "description"), options: node.options ?? [] }];
}

/**
 * The command that a text begins with, its name whole and a blank behind it; and what is typed after that.
 * @param {string} channel
 * @param {string} text
 * @returns {{leaf: Leaf, rest: string} | null}
 */
export function typedCommand(channel, text) {
  const typed = text.toLowerCase();
  const names = (leaf) => [leaf.name, leaf.label].map((one) => `/${one.toLowerCase()}`);
  for (const leaf of leavesFor(channel)) {
    const name = names(leaf).find((one) => typed.startsWith(one) && /^\s/.test(typed.slice(one.length)));
    if (name) return { leaf, rest: text.slice(name.length).trim() };
  }
  return null;
}

/** True when a text begins with a command, or with what several are grouped under: it is no message. @param {string} channel @param {string} text */
export function isCommand(channel, text) {
  const word = text.split(/\s/)[0].toLowerCase();
  return leavesFor(channel).some((leaf) => [leaf.name, leaf.label].some((one) => `/${one.split(" ")[0].toLowerCase()}` === word));
}

/**
 * What the picker shows for what has been typed after the slash.
 * @param {string} channel
 * @param {string} typed
 * @returns {import("./listbox.js").Item[]}
 */
export function commandItems(channel, typed) {
  const words = typed.trim().toLowerCase();
  const rank = (leaf) => {
    const names = [leaf.name, leaf.label].map((one) => one.toLowerCase());
    if (names.includes(words)) return 0;
    if (names.some((one) => one.startsWith(words))) return 1;
    return names.some((one) => one.includes(words)) ? 2 : 9;
  };
  const found = leavesFor(channel).map((leaf) => ({ leaf, at: rank(leaf) })).filter((one) => one.at < 9);
  found.sort((a, b) => a.at - b.at);
  return found.map(({ leaf }) => ({
    label: `/${leaf.label}`,
    detail: [leaf.description, optionNames(leaf)].filter(Boolean).join("  ·  "),
    icon: h("span", { class: "app-dot", "aria-hidden": "true" }, icon("bot")),
    group: state.application.name || t("cmd.list"),
    value: { leaf },
  }));
}

const optionNames = ({ options }) => options.map((one) => (one.required ? one.name : `[${one.name}]`)).join(" ");

// What can be done with a message or a person: the menus, with the commands that apps put into them.

import { context, remove } from "./api.js";
import { h } from "./dom.js";
import { icon } from "./icons.js";
import { localized, t } from "./i18n.js";
import { openMenu } from "./menu.js";
import { go } from "./nav.js";
import { addReaction } from "./reactions.js";
import { DM, memberById, state } from "./store.js";
import { attempt } from "./toast.js";

const ON_USER = 2;
const ON_MESSAGE = 3;

/** The words of a message, as far as there are any. @param {any} message @returns {string} */
export function wordsOf(message) {
  const seen = [message.content];
  const walk = (node) => {
    if (node.content) seen.push(node.content);
    for (const child of node.components ?? []) walk(child);
  };
  for (const embed of message.embeds) seen.push(embed.title, embed.description);
  message.components.forEach(walk);
  return seen.filter(Boolean).join("\n");
}

/**
 * The menu of a message.
 * @param {HTMLElement} anchor
 * @param {any} message
 * @param {import("./pane.js").Pane} pane
 * @param {{x: number, y: number}} [at]
 */
export function messageMenu(anchor, message, pane, at) {
  const can = pane.channel?.can;
  const own = message.author.id === state.me;
  const shown = !message.only_for;
  openMenu(
    anchor,
    [
      shown && can?.react && { label: t("act.react"), icon: icon("smile"), run: () => addReaction(anchor, message.id) },
      shown && can?.send && { label: t("act.reply"), icon: icon("reply"), run: () => pane.composer.replyTo(message) },
      { label: t("act.copy"), icon: icon("copy"), run: () => navigator.clipboard?.writeText(wordsOf(message)) },
      { label: t("act.copy_id"), icon: icon("copy"), run: () => navigator.clipboard?.writeText(message.id) },
      shown &&
        (own || can?.manage) && {
          label: t("act.delete"),
          icon: icon("trash"),
          danger: true,
          run: () => attempt(() => remove(message.id)),
        },
      ...(shown ? apps(ON_MESSAGE, { message: message.id }, pane) : []),
    ],
    { label: t("act.actions"), at },
  );
}

/**
 * The menu of a person.
 * @param {HTMLElement} anchor
 * @param {string} id
 * @param {import("./pane.js").Pane} pane
 * @param {import("./menu.js").Entry[]} [first] entries above the others
 */
export function userMenu(anchor, id, pane, first = []) {
  const user = memberById(id);
  if (!user) return;
  const isApp = id === state.application.id;
  const entries = [
    ...first,
    isApp && { label: t("act.message_bot"), icon: icon("at"), run: () => go(DM) },
    ...apps(ON_USER, { target_user: id }, pane),
  ].filter(Boolean);
  if (entries.length) openMenu(anchor, entries, { label: user.name });
}

/** The apps' own entries: context-menu commands. */
function apps(kind, target, pane) {
  const usable = state.usable[pane.channel?.id] ?? [];
  const found = state.commands.filter((one) => one.type === kind && usable.includes(one.id));
  if (!found.length) return [];
  const entries = found.map((one) => ({
    label: localized(one, "name"),
    icon: h("span", { class: "app-dot", "aria-hidden": "true" }, icon("bot")),
    run: () => pane.run(one.name, () => context(pane.id, one.name, target)),
  }));
  return [{ heading: t("act.apps") }, ...entries];
}


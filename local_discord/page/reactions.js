// Reactions under a message: who gave which, and adding or taking back one's own.

import { react, unreact } from "./api.js";
import { h } from "./dom.js";
import { pickEmoji } from "./emoji.js";
import { icon } from "./icons.js";
import { t } from "./i18n.js";
import { attempt } from "./toast.js";

/**
 * The row of reactions; nothing when there are none.
 * @param {any} message
 * @param {boolean} mayReact
 */
export function reactions(message, mayReact) {
  if (!message.reactions?.length) return null;
  const add = mayReact ? addButton(message) : null;
  return h("div", { class: "reactions" }, message.reactions.map((one) => pill(message, one)), add);
}

function pill(message, { emoji, count, me }) {
  const key = emoji.id ? `${emoji.name}:${emoji.id}` : emoji.name;
  const who = (message.reactors?.[key] ?? []).join(", ");
  const label = t("react.count", { emoji: emoji.name, n: count, who });
  const onclick = () => attempt(() => (me ? unreact : react)(message.id, key));
  return h(
    "button",
    {
      type: "button",
      class: me ? "reaction mine" : "reaction",
      "aria-pressed": String(me),
      "aria-label": label,
      title: who,
      data: { focus: `react-${key}` },
      onclick,
    },
    h("span", { class: "emoji" }, emoji.name),
    h("span", { class: "count" }, count),
  );
}

function addButton(message) {
  const props = { type: "button", class: "reaction add", "aria-label": t("act.react"), title: t("act.react") };
  const open = (event) => addReaction(event.currentTarget, message.id);
  return h("button", { ...props, "aria-haspopup": "dialog", data: { focus: "react-add" }, onclick: open }, icon("smile"));
}

/**
 * Let the person pick an emoji for a message.
 * @param {HTMLElement} anchor
 * @param {string} messageId
 */
export function addReaction(anchor, messageId) {
  pickEmoji(anchor, (emoji) => attempt(() => react(messageId, emoji)));
}

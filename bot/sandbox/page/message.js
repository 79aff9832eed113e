// One message: who, when, what, and what hangs on it.

import { react } from "./api.js";
import { messageMenu, userMenu, wordsOf } from "./actions.js";
import { renderComponents } from "./components.js";
import { h } from "./dom.js";
import { renderEmbed } from "./embed.js";
import { icon } from "./icons.js";
import { t } from "./i18n.js";
import { prose } from "./markdown.js";
import { attachments } from "./media.js";
import { beside, go } from "./nav.js";
import { appBadge, avatar } from "./people.js";
import { addReaction, reactions } from "./reactions.js";
import { memberById, nameColour, state } from "./store.js";
import { systemLine } from "./system.js";
import { fullTime, messageTime, shortTime } from "./times.js";
import { attempt } from "./toast.js";

const LOADING = 1 << 7;
const V2 = 1 << 15;
const STARTER = 21;
const QUICK = ["👀", "✅"];

/** True for what somebody wrote, replies and commands included. @param {any} message */
export const isWritten = (message) => [0, 19, 20, 23].includes(message.type);

/** True when the message calls the viewer. @param {any} message */
function callsMe(message) {
  const roles = memberById(state.me)?.roles ?? [];
  const mine = message.mentions.some((one) => one.id === state.me) || message.mention_roles.some((one) => roles.includes(one));
  return message.author.id !== state.me && (message.mention_everyone || mine);
}

/**
 * A message as an item of the list.
 * @param {any} message
 * @param {{pane: import("./pane.js").Pane, compact: boolean}} context compact: no head, the one above is the same person's
 * @returns {HTMLLIElement}
 */
export function renderMessage(message, { pane, compact }) {
  const shown = message.type === STARTER && message.referenced_message ? message.referenced_message : message;
  const body = isWritten(shown) ? content(shown, pane) : systemLine(shown);
  const classes = ["message", compact && "compact", callsMe(message) && "mentioned", message.only_for && "private"];
  const item = h(
    "li",
    {
      class: classes.filter(Boolean).join(" "),
      tabindex: "-1",
      data: { id: message.id },
      "aria-label": `${shown.author.username}, ${messageTime(shown.timestamp)}`,
      oncontextmenu: (event) => contextMenu(event, item, message, pane),
      onkeydown: (event) => keys(event, item, message, pane),
    },
    isWritten(shown) && !compact ? lead(shown, pane) : null,
    isWritten(shown) ? gutter(shown, compact, pane) : null,
    h("div", { class: "body" }, isWritten(shown) && !compact ? head(shown, pane) : null, body),
    isWritten(shown) ? toolbar(message, pane) : null,
  );
  return item;
}

/** What stands above a message: the command that made it, or the message that it answers. */
function lead(message, pane) {
  if (message.command) {
    const user = message.interaction_metadata.user;
    return h(
      "div",
      { class: "lead" },
      avatar(user.id, user.username, { small: true }),
      h("span", { class: "dim" }, t("msg.used", { name: user.username })),
      h("span", { class: "mention" }, `/${message.command}`),
    );
  }
  if (message.type !== 19) return null;
  const target = message.referenced_message;
  if (!target) return h("div", { class: "lead dim" }, t("msg.gone"));
  const words = wordsOf(target).replace(/\s+/g, " ").slice(0, 120) || t("msg.click");
  return h(
    "button",
    { type: "button", class: "lead", tabindex: "-1", onclick: () => pane.jumpTo(target.id) },
    avatar(target.author.id, target.author.username, { small: true, bot: target.author.bot }),
    h("strong", {}, target.author.username),
    h("span", { class: "dim ellipsis" }, words),
  );
}

function gutter({ author, timestamp }, compact, pane) {
  if (compact) return h("time", { class: "gutter", datetime: timestamp, title: fullTime(timestamp) }, shortTime(timestamp));
  const open = (event) => userMenu(event.currentTarget, author.id, pane);
  const name = author.username;
  return h("button", { type: "button", class: "gutter", tabindex: "-1", "aria-label": name, onclick: open }, avatar(author.id, name, { bot: author.bot }));
}

function head({ author, timestamp }, pane) {
  const colour = nameColour(author.id);
  const open = (event) => userMenu(event.currentTarget, author.id, pane);
  const name = memberById(author.id)?.name ?? author.username;
  return h(
    "div",
    { class: "head" },
    h("button", { type: "button", class: "author", tabindex: "-1", vars: colour ? { "--name": colour } : {}, onclick: open }, name),
    author.bot ? appBadge() : null,
    h("time", { datetime: timestamp, title: fullTime(timestamp) }, messageTime(timestamp)),
  );
}

function content(message, pane) {
  if (message.flags & LOADING) return thinking(message);
  const fail = (reason) => pane.failOn(message.id, reason);
  const isV2 = Boolean(message.flags & V2);
  const edited = message.edited_timestamp && h("span", { class: "edited", title: fullTime(message.edited_timestamp) }, t("msg.edited"));
  const text = message.content ? prose(message.content) : null;
  if (text && edited) (text.lastElementChild ?? text).append(" ", edited);
  const components = renderComponents(message.components, { id: message.id, onfail: fail });
  return [
    text,
    (message.message_snapshots ?? []).map((one) => forwarded(one.message)),
    attachments(message.attachments),
    message.embeds.map(renderEmbed),
    h("div", { class: isV2 ? "components v2" : "components" }, components),
    !text && edited ? h("div", {}, edited) : null,
    reactions(message, Boolean(pane.channel?.can.react)),
    message.thread && message.thread.id !== pane.id ? threadCard(message.thread) : null,
    message.only_for ? onlyYou(message, pane) : null,
  ];
}

/** What was forwarded, as it was then. */
function forwarded(message) {
  const inside = [message.content ? prose(message.content) : null, attachments(message.attachments ?? []), (message.embeds ?? []).map(renderEmbed)];
  return h("blockquote", { class: "forwarded" }, h("small", { class: "dim" }, icon("reply"), t("msg.forwarded")), inside);
}

function thinking(message) {
  const dots = h("span", { class: "dots", "aria-hidden": "true" }, h("i"), h("i"), h("i"));
  const line = h("p", { class: "thinking", role: "status" }, dots, t("msg.thinking", { name: message.author.username }));
  return [line, message.only_for ? h("p", { class: "only-you" }, icon("eye"), t("msg.only_you")) : null];
}

function onlyYou(message, pane) {
  const dismiss = h("button", { type: "button", class: "as-link", onclick: () => pane.dismiss(message.id) }, t("msg.dismiss"));
  return h("p", { class: "only-you" }, icon("eye"), t("msg.only_you"), " • ", dismiss);
}

function threadCard(thread) {
  const open = () => (innerWidth > 900 ? beside(thread.id) : go(thread.id));
  return h(
    "button",
    { type: "button", class: "thread-card", data: { focus: "thread" }, onclick: open },
    icon("thread"),
    h("strong", { class: "ellipsis" }, thread.name),
    h("span", { class: "dim" }, t("msg.count", { n: thread.message_count ?? 0 })),
    h("span", { class: "as-link" }, t("msg.show_thread"), icon("right")),
  );
}

/** What shows while the pointer is on the message; by keyboard the menu (Enter) offers the same. */
function toolbar(message, pane) {
  const can = pane.channel?.can;
  const one = (label, inside, onclick) =>
    h("button", { type: "button", tabindex: "-1", "aria-label": label, title: label, onclick }, inside);
  const public_ = !message.only_for;
  return h(
    "div",
    { class: "toolbar" },
    public_ && can?.react ? QUICK.map((emoji) => one(emoji, emoji, () => attempt(() => react(message.id, emoji)))) : null,
    public_ && can?.react ? one(t("act.react"), icon("smile"), (event) => addReaction(event.currentTarget, message.id)) : null,
    public_ && can?.send ? one(t("act.reply"), icon("reply"), () => pane.composer.replyTo(message)) : null,
    one(t("act.more"), icon("more"), (event) => messageMenu(event.currentTarget, message, pane)),
  );
}

function contextMenu(event, item, message, pane) {
  if (event.target.closest("a, input, textarea, img") || String(getSelection())) return;
  event.preventDefault();
  const byPointer = event.clientX || event.clientY;
  messageMenu(item, message, pane, byPointer ? { x: event.clientX, y: event.clientY } : undefined);
}

function keys(event, item, message, pane) {
  if (event.target !== item || event.ctrlKey || event.metaKey || event.altKey) return;
  const may = !message.only_for && pane.channel?.can;
  const acts = {
    Enter: () => messageMenu(item, message, pane),
    "+": () => may && may.react && addReaction(item, message.id),
    r: () => may && may.send && pane.composer.replyTo(message),
  };
  if (!(event.key in acts)) return;
  event.preventDefault();
  acts[event.key]();
}

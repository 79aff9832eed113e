// One message: who, when, what, and what hangs on it.

import { react } from "./api.js";
import { messageMenu, userMenu, wordsOf } from "./actions.js";
import { renderComponents } from "./components.js";
import { h } from "./dom.js";
import { renderEmbed } from "./embed.js";
import { icon } from "./icons.js";
import { t } from "./i18n.js";
import { preview, prose } from "./markdown.js";
import { attachments } from "./media.js";
import { beside, go, hasTwoColumns } from "./nav.js";
import { Parts } from "./parts.js";
import { appBadge, avatar } from "./people.js";
import { addReaction, reactions } from "./reactions.js";
import { memberById, nameColour, nameOf, state } from "./store.js";
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

/** A message as an item of the list. When it changes, only what changed is drawn anew. */
export class MessageItem {
  /**
   * @param {import("./pane.js").Pane} pane
   * @param {any} message
   * @param {boolean} compact no head: the one above is the same person's
   */
  constructor(pane, message, compact) {
    this.pane = pane;
    this.body = h("div", { class: "body" });
    const props = { class: "message", tabindex: "-1", data: { id: message.id } };
    this.element = h("li", { ...props, oncontextmenu: (event) => contextMenu(event, this), onkeydown: (event) => keys(event, this) });
    this.outside = new Parts(this.element);
    this.inside = new Parts(this.body);
    this.update(message, compact);
  }

  update(message, compact) {
    this.message = message;
    const shown = message.type === STARTER && message.referenced_message ? message.referenced_message : message;
    const written = isWritten(shown);
    const { classList } = this.element;
    for (const [name, holds] of [["compact", compact], ["mentioned", callsMe(message)], ["private", message.only_for]]) {
      classList.toggle(name, Boolean(holds));
    }
    this.element.setAttribute("aria-label", `${nameOf(shown.author)}, ${messageTime(shown.timestamp)}`);
    const { author, timestamp } = shown;
    this.outside.show([
      written && !compact && ["lead", [shown.command, shown.interaction_metadata, shown.type, shown.referenced_message], () => lead(shown, this.pane)],
      written && ["gutter", [author, timestamp, compact], () => gutter(shown, compact)],
      ["body", "", () => this.body],
      written && ["toolbar", message.only_for, () => toolbar(this)],
    ]);
    const heading = written && !compact && ["head", [author, timestamp], () => head(shown, this.pane)];
    this.inside.show([heading, ...(written ? content(shown, this) : [["system", shown, () => systemLine(shown)]])]);
  }

  /** Say below it that what was done with it failed; "" takes that back. @param {string} reason */
  fail(reason) {
    this.failure?.remove();
    if (reason) this.body.append((this.failure = h("p", { class: "failed", role: "alert" }, reason)));
  }
}

/** What stands above a message: the command that made it, or the message that it answers. */
function lead(message, pane) {
  if (message.command) {
    const user = message.interaction_metadata.user;
    return h(
      "div",
      { class: "lead" },
      avatar(user.id, nameOf(user), { small: true }),
      h("span", { class: "dim" }, t("msg.used", { name: nameOf(user) })),
      h("span", { class: "mention" }, message.command),
    );
  }
  if (message.type !== 19) return null;
  const target = message.referenced_message;
  if (!target) return h("div", { class: "lead dim" }, t("msg.gone"));
  const said = preview(wordsOf(target));
  return h(
    "button",
    { type: "button", class: "lead", tabindex: "-1", onclick: () => pane.jumpTo(target.id) },
    avatar(target.author.id, nameOf(target.author), { small: true, bot: target.author.bot }),
    h("strong", {}, nameOf(target.author)),
    h("span", { class: "dim ellipsis" }, said.length ? said : t("msg.click")),
  );
}

/** The avatar is for the pointer alone: the name beside it is the button of the same menu. */
function gutter({ author, timestamp }, compact) {
  if (compact) return h("time", { class: "gutter", datetime: timestamp, title: fullTime(timestamp) }, shortTime(timestamp));
  const open = (event) => event.currentTarget.closest(".message").querySelector(".author").click();
  return h("span", { class: "gutter opens", onclick: open }, avatar(author.id, nameOf(author), { bot: author.bot }));
}

function head({ author, timestamp }, pane) {
  const colour = nameColour(author.id);
  const open = (event) => userMenu(event.currentTarget, author.id, pane);
  return h(
    "div",
    { class: "head" },
    h("button", { type: "button", class: "author", tabindex: "-1", vars: colour ? { "--name": colour } : {}, onclick: open }, nameOf(author)),
    author.bot ? appBadge() : null,
    h("time", { datetime: timestamp, title: fullTime(timestamp) }, messageTime(timestamp)),
  );
}

/** What somebody wrote, as parts. @param {any} message @param {MessageItem} item @returns {import("./parts.js").Part[]} */
function content(message, item) {
  const { pane } = item;
  if (message.flags & LOADING) return [["thinking", message.author, () => thinking(message)]];
  const isV2 = Boolean(message.flags & V2);
  const edited = message.edited_timestamp;
  const snapshots = (message.message_snapshots ?? []).map((one) => one.message);
  const mayReact = Boolean(pane.channel?.can.react);
  const thread = message.thread && message.thread.id !== pane.id ? message.thread : null;
  return [
    message.content && ["text", [message.content, edited], () => words(message)],
    ...snapshots.map((one, at) => [`snapshot-${at}`, one, () => forwarded(one)]),
    !isV2 && ["files", message.attachments, () => attachments(message.attachments)], // V2: only what components show
    ...message.embeds.map((one, at) => [`embed-${at}`, one, () => renderEmbed(one)]),
    ["components", [message.components, isV2], () => components(message, item, isV2)],
    !message.content && edited && ["edited", edited, () => h("div", {}, editedMark(edited))],
    ["reactions", [message.reactions, message.reactors, mayReact], () => reactions(message, mayReact)],
    thread && ["thread", thread, () => threadCard(thread)],
    message.only_for && ["only-you", "", () => onlyYou(message, pane)],
  ];
}

const editedMark = (at) => h("span", { class: "edited", title: fullTime(at) }, t("msg.edited"));

function words(message) {
  const text = prose(message.content);
  if (message.edited_timestamp) (text.lastElementChild ?? text).append(" ", editedMark(message.edited_timestamp));
  return text;
}

function components(message, item, isV2) {
  if (!message.components.length) return null;
  const list = renderComponents(message.components, { id: message.id, onfail: (reason) => item.fail(reason) });
  return h("div", { class: isV2 ? "components v2" : "components" }, list);
}

/** What was forwarded, as it was then. */
function forwarded(message) {
  const files = message.flags & V2 ? [] : (message.attachments ?? []);
  const inside = [message.content ? prose(message.content) : null, attachments(files), (message.embeds ?? []).map(renderEmbed)];
  return h("blockquote", { class: "forwarded" }, h("small", { class: "dim" }, icon("reply"), t("msg.forwarded")), inside);
}

function thinking(message) {
  const dots = h("span", { class: "dots", "aria-hidden": "true" }, h("i"), h("i"), h("i"));
  const line = h("p", { class: "thinking", role: "status" }, dots, t("msg.thinking", { name: nameOf(message.author) }));
  return h("div", {}, line, message.only_for ? h("p", { class: "only-you" }, icon("eye"), t("msg.only_you")) : null);
}

function onlyYou(message, pane) {
  const dismiss = h("button", { type: "button", class: "as-link", onclick: () => pane.dismiss(message.id) }, t("msg.dismiss"));
  return h("p", { class: "only-you" }, icon("eye"), t("msg.only_you"), " • ", dismiss);
}

function threadCard(thread) {
  const open = () => (hasTwoColumns() ? beside(thread.id) : go(thread.id));
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
function toolbar(item) {
  const { pane, message } = item;
  const can = pane.channel?.can;
  const one = (label, inside, onclick) =>
    h("button", { type: "button", tabindex: "-1", "aria-label": label, title: label, onclick }, inside);
  const public_ = !message.only_for;
  return h(
    "div",
    { class: "toolbar" },
    public_ && can?.react ? QUICK.map((emoji) => one(emoji, emoji, () => attempt(() => react(message.id, emoji)))) : null,
    public_ && can?.react ? one(t("act.react"), icon("smile"), (event) => addReaction(event.currentTarget, message.id)) : null,
    public_ && can?.send ? one(t("act.reply"), icon("reply"), () => pane.composer.replyTo(item.message)) : null,
    one(t("act.more"), icon("more"), (event) => messageMenu(event.currentTarget, item.message, pane)),
  );
}

function contextMenu(event, { element, message, pane }) {
  if (event.target.closest("a, input, textarea, img") || String(getSelection())) return;
  event.preventDefault();
  const byPointer = event.clientX || event.clientY;
  messageMenu(element, message, pane, byPointer ? { x: event.clientX, y: event.clientY } : undefined);
}

function keys(event, { element, message, pane }) {
  if (event.target !== element || event.ctrlKey || event.metaKey || event.altKey) return;
  const may = !message.only_for && pane.channel?.can;
  const acts = {
    Enter: () => messageMenu(element, message, pane),
    "+": () => may && may.react && addReaction(element, message.id),
    r: () => may && may.send && pane.composer.replyTo(message),
  };
  if (!(event.key in acts)) return;
  event.preventDefault();
  acts[event.key]();
}

// The messages of a pane: grouped, divided by days, only what changed drawn anew, scrolled as people expect.

import { handOver, h } from "./dom.js";
import { isDismissed } from "./dismissed.js";
import { lang, t } from "./i18n.js";
import { askOlder } from "./live.js";
import { forumRows } from "./forum.js";
import { MessageItem, isWritten } from "./message.js";
import { notice } from "./notice.js";
import { FORUM, messages, state } from "./store.js";
import { dayTime } from "./times.js";
import { welcome } from "./welcome.js";

const TOGETHER_MS = 7 * 60_000; // messages of one person this close stand under one name
const AT_END_PX = 60;

export class MessageList {
  /** @param {import("./pane.js").Pane} pane */
  constructor(pane) {
    this.pane = pane;
    this.rows = h("ol", { class: "messages", onkeydown: (event) => this.keys(event), onfocusin: (event) => this.focused(event) });
    this.jump = h("button", { type: "button", class: "jump", hidden: true, onclick: () => this.toEnd() }, t("pane.jump"));
    this.scroller = h("div", { class: "scroller", onscroll: () => this.scrolled() }, this.rows);
    this.element = h("div", { class: "message-area" }, this.scroller, this.jump);
    // Pictures that load, and boxes that grow, must not push the newest message out of sight.
    const sizes = new ResizeObserver(() => this.sticks && this.toEnd());
    sizes.observe(this.rows);
    sizes.observe(this.scroller);
    this.reset();
  }

  reset() {
    this.rows.replaceChildren();
    /** @type {Map<string, {sign: string, base: string, element: HTMLElement, item: MessageItem | null}>} */
    this.shown = new Map();
    this.notices = [];
    this.isAtEnd = true;
    this.endTop = 0;
    this.isPainted = false;
    this.newFrom = null;
    this.newest = 0n;
  }

  /** Draw what changed. */
  paint() {
    const { channel } = this.pane;
    const known = channel && messages.get(channel.id);
    if (channel && !known) return;
    if (this.newFrom === null) this.newFrom = channel?.unread && channel.read !== "0" ? BigInt(channel.read) : 0n;
    const rows = this.plan(known);
    const first = !this.isPainted;
    const isAnswered = this.hasOwnNews(known);
    const stick = this.sticks || (isAnswered && !first);
    const before = this.scroller.scrollHeight - this.scroller.scrollTop;
    const grewAbove = !first && rows[0]?.key !== this.rows.firstElementChild?.dataset.key;
    this.reconcile(rows);
    this.isPainted = true;
    this.rows.setAttribute("aria-label", t("pane.messages", { name: this.pane.label }));
    if (stick) this.toEnd();
    else if (grewAbove) this.scroller.scrollTop = this.scroller.scrollHeight - before;
    this.keepOneTabStop();
  }

  /**
   * What the list consists of, from the top: each with a key, a sign that changes with its looks, and a maker.
   * Messages are brought up to date instead, unless their base changed.
   */
  plan(known) {
    const { pane } = this;
    const can = JSON.stringify(pane.channel?.can ?? {});
    if (pane.channel?.type === FORUM) return forumRows(pane);
    const base = `${state.me}${lang()}${can}`;
    const rows = [known?.more ? this.olderRow() : { key: "welcome", sign: base + pane.label, make: () => welcome(pane) }];
    let previous = null;
    let divided = false;
    for (const message of known?.list.values() ?? []) {
      if (isDismissed(message.id)) continue;
      const day = dayTime(message.timestamp);
      const isNewDay = !previous || dayTime(previous.timestamp) !== day;
      const isNew = !divided && this.newFrom > 0n && BigInt(message.id) > this.newFrom && message.author.id !== state.me;
      divided ||= isNew;
      if (isNewDay) rows.push({ key: `day-${day}`, sign: base, make: () => divider(day) });
      if (isNew) rows.push({ key: "new", sign: base, make: () => divider(t("pane.new"), "new") });
      const compact = !isNewDay && !isNew && goesWith(previous, message);
      const make = () => new MessageItem(pane, message, compact);
      const update = (item) => item.update(message, compact);
      rows.push({ key: message.id, base, sign: base + compact + JSON.stringify(message), make, update });
      previous = message;
    }
    return [...rows, ...this.notices.map((one) => ({ key: one.key, sign: base + one.text, make: () => notice(one, this) }))];
  }

  olderRow() {
    const ask = () => askOlder(this.pane.channel.id);
    const make = () => h("li", { class: "older" }, h("button", { type: "button", class: "button secondary", onclick: ask }, t("pane.older")));
    return { key: "older", sign: lang(), make };
  }

  reconcile(rows) {
    const wanted = new Set(rows.map((one) => one.key));
    for (const [key, { element }] of this.shown) {
      if (wanted.has(key)) continue;
      element.remove();
      this.shown.delete(key);
    }
    let at = this.rows.firstElementChild;
    for (const row of rows) {
      let known = this.shown.get(row.key);
      if (known?.item && known.base === row.base && known.sign !== row.sign) {
        row.update(known.item);
        known.sign = row.sign;
      }
      if (known?.sign !== row.sign) {
        const made = drawn(row);
        if (at === known?.element) at = made.element;
        if (known) handOver(known.element, made.element, () => known.element.replaceWith(made.element), made.element);
        known = made;
        this.shown.set(row.key, known);
      }
      if (at === known.element) at = at.nextElementSibling;
      else this.rows.insertBefore(known.element, at);
    }
  }

  /** Show that a command is on its way. @param {string} name */
  notice(name) {
    const one = { key: `notice-${Math.random()}`, name, text: "" };
    this.notices.push(one);
    this.paint();
    const paint = () => this.paint();
    return {
      fail: (text) => {
        one.text = text;
        paint();
      },
      remove: () => this.removeNotice(one),
    };
  }

  removeNotice(one) {
    this.notices = this.notices.filter((other) => other !== one);
    this.paint();
  }

  /** @param {string} id @returns {HTMLElement | undefined} */
  itemOf(id) {
    return this.shown.get(id)?.element;
  }

  toEnd() {
    this.scroller.scrollTop = this.scroller.scrollHeight;
    this.endTop = this.scroller.scrollTop;
    this.isAtEnd = true;
    this.jump.hidden = true;
  }

  /** Whether something has come that the viewer did, or that answers them: they want to see it, wherever they are. */
  hasOwnNews(known) {
    const fresh = [...(known?.list.values() ?? [])].filter((one) => BigInt(one.id) > this.newest);
    if (fresh.length) this.newest = BigInt(fresh.at(-1).id);
    return fresh.some((one) => one.only_for || [one.author.id, one.interaction_metadata?.user.id].includes(state.me));
  }

  /** Whether to stay at the end. Scrolling up counts at once, before the browser tells of it. */
  get sticks() {
    return this.isAtEnd && this.scroller.scrollTop > this.endTop - AT_END_PX;
  }

  scrolled() {
    const { scrollHeight, scrollTop, clientHeight } = this.scroller;
    // The browser tells of it a frame later: the list may have grown below where the viewer still is.
    this.isAtEnd = this.sticks || scrollHeight - scrollTop - clientHeight < AT_END_PX;
    this.jump.hidden = this.isAtEnd;
    if (this.isAtEnd) this.pane.read();
  }

  // -- by keyboard: the list is one tab stop, arrows move between messages
  get items() {
    return [...this.rows.querySelectorAll("li.message")];
  }

  keepOneTabStop() {
    if (!this.rows.querySelector("li.message[tabindex='0']")) this.items.at(-1)?.setAttribute("tabindex", "0");
  }

  focused(event) {
    const item = event.target.closest("li.message");
    if (!item || item.tabIndex === 0) return;
    for (const other of this.rows.querySelectorAll("li.message[tabindex='0']")) other.tabIndex = -1;
    item.tabIndex = 0;
  }

  select(item) {
    item.focus({ preventScroll: true });
  }

  keys(event) {
    if (!event.target.matches("li.message")) return;
    const all = this.items;
    const at = all.indexOf(event.target);
    const to = { ArrowDown: at + 1, ArrowUp: at - 1, Home: 0, End: all.length - 1 }[event.key];
    if (to === undefined) return;
    event.preventDefault();
    if (to >= all.length) this.pane.composer.focus();
    else all[Math.max(0, to)].focus();
  }
}

/** A row as it is kept: with its element, and its item when it is a message. */
function drawn({ key, sign, base = "", make }) {
  const made = make();
  const item = made instanceof MessageItem ? made : null;
  const element = item?.element ?? made;
  element.dataset.key = key;
  return { sign, base, element, item };
}

function goesWith(previous, message) {
  return (
    isWritten(previous) &&
    message.type === 0 &&
    previous.author.id === message.author.id &&
    previous.author.username === message.author.username &&
    Boolean(previous.only_for) === Boolean(message.only_for) &&
    new Date(message.timestamp).getTime() - new Date(previous.timestamp).getTime() < TOGETHER_MS
  );
}

const divider = (text, extra = "") => h("li", { class: `divider ${extra}` }, h("span", {}, text));

// The message box: writing, replying, and the way into commands.

import { say } from "./api.js";
import { fill, h, refill } from "./dom.js";
import { CommandForm } from "./commandform.js";
import { commandItems, isCommand, leavesFor, typedCommand } from "./commands.js";
import { controlButtons } from "./controls.js";
import { readFiles } from "./files.js";
import { icon } from "./icons.js";
import { t } from "./i18n.js";
import { Listbox } from "./listbox.js";
import { mentionItems, toWire, wordAt } from "./mentioning.js";
import { isNarrow } from "./nav.js";
import { isThread, nameOf } from "./store.js";
import { attempt } from "./toast.js";
import { typingLine } from "./typing.js";

const MOST = 2000;

export class Composer {
  /** @param {import("./pane.js").Pane} pane */
  constructor(pane) {
    this.pane = pane;
    this.reply = null;
    this.field = h("textarea", { rows: "1", class: "say", oninput: (event) => this.typed(event.isComposing), onkeydown: (event) => this.keys(event) });
    this.field.addEventListener("blur", () => this.list.hide());
    this.field.addEventListener("focus", () => this.typed());
    this.field.addEventListener("compositionend", () => this.typed());
    this.list = new Listbox(this.field, { label: t("cmd.list"), onpick: (item) => this.picked(item) });
    this.replying = h("div", { class: "replying", hidden: true });
    this.count = h("span", { class: "too-long", role: "status" });
    const send = h("button", { type: "button", class: "icon-button", "aria-label": t("say.send"), onclick: () => this.send() }, icon("send"));
    this.files = [];
    this.chooser = h("input", { type: "file", multiple: true, hidden: true, onchange: () => this.attach(this.chooser.files) });
    const add = h("button", { type: "button", class: "icon-button", "aria-label": t("say.attach"), onclick: () => this.chooser.click() }, icon("plus"));
    this.attached = h("div", { class: "attached", hidden: true });
    this.field.addEventListener("paste", (event) => event.clipboardData.files.length && this.attach(event.clipboardData.files));
    this.line = h("div", { class: "line" }, add, this.chooser, this.field, this.count, controlButtons(pane.root.id), send);
    this.slot = h("div", { class: "command-slot", hidden: true });
    this.note = h("p", { class: "note", hidden: true });
    this.typing = h("p", { class: "typing", role: "status" });
    this.element = h("div", { class: "composer" }, this.list.element, this.replying, this.attached, this.line, this.slot, this.note, this.typing);
    this.list.hide();
  }

  reset() {
    this.field.value = "";
    this.detach();
    this.leaveCommand();
    this.replyTo(null);
    this.list.hide();
  }

  /** The channel or the commands changed. */
  update() {
    const { channel } = this.pane;
    const may = !channel || channel.can.send || leavesFor(channel.id).length > 0;
    const name = this.pane.label;
    const denied = channel?.locked ? t("say.locked") : t("say.denied");
    const text = may ? t("say.placeholder", { name }) : denied;
    this.field.disabled = !may;
    // The name stands above; a placeholder that is too long, as on a phone, has no dots at its end.
    const short = may && channel && isThread(channel) ? t("say.in_thread") : text;
    this.field.placeholder = isNarrow() ? t(may ? "say.brief" : "say.brief_denied") : short;
    this.field.setAttribute("aria-label", text);
    refill(this.typing, typingLine(channel));
    this.note.hidden = !channel?.archived || channel.locked;
    this.note.textContent = t("say.archived");
  }

  focus() {
    (this.form ?? this.field).focus();
  }

  /** @param {any} message null stops replying */
  replyTo(message) {
    this.reply = message;
    this.replying.hidden = !message;
    if (!message) return;
    const cancel = () => {
      this.replyTo(null);
      this.focus();
    };
    fill(
      this.replying,
      icon("reply"),
      h("span", {}, t("say.replying", { name: nameOf(message.author) })),
      h("button", { type: "button", class: "icon-button", "aria-label": t("say.cancel_reply"), onclick: cancel }, icon("close")),
    );
    this.focus();
  }

  /** @param {boolean} [isComposing] an input method has the words in hand: it must keep the field */
  typed(isComposing = false) {
    const over = this.field.value.length - MOST;
    this.count.textContent = over > 0 ? t("say.too_long", { n: over }) : "";
    if (this.field.value.startsWith("/")) {
      const typed = !isComposing && typedCommand(this.pane.channel?.id ?? "", this.field.value);
      if (typed) {
        this.enterCommand(typed.leaf, typed.rest);
        return;
      }
      const items = commandItems(this.pane.channel?.id ?? "", this.field.value.slice(1));
      this.list.show(items, { note: t("cmd.none") });
      return;
    }
    this.word = wordAt(this.field);
    this.list.show(this.word ? mentionItems(this.word.text) : []);
  }

  picked(item) {
    if (item.value.leaf) {
      this.enterCommand(item.value.leaf);
      return;
    }
    this.field.setRangeText(`${item.value.text} `, this.word.start, this.word.end, "end");
    this.list.hide();
  }

  keys(event) {
    // While an input method composes (Japanese), Enter belongs to it.
    if (event.isComposing || event.keyCode === 229) return;
    if (event.key === "Tab" && !this.list.isOpen) return;
    if (this.list.key(event)) return;
    if (event.key === "Escape" && this.reply) this.replyTo(null);
    if (event.key !== "Enter" || event.shiftKey) return;
    event.preventDefault();
    this.send();
  }

  async send() {
    const text = this.field.value.trim();
    const { files } = this;
    if (this.tookCommand(text)) return;
    if ((!text && !files.length) || text.length > MOST) return;
    const replyTo = this.reply?.id;
    this.field.value = "";
    this.detach();
    this.typed();
    this.replyTo(null);
    this.pane.list.isAtEnd = true;
    this.pane.list.newFrom = 0n;
    const sent = await attempt(() => say(this.pane.id, toWire(text), replyTo, files));
    if (!sent) this.field.value ||= text;
  }

  // -- files
  async attach(list) {
    this.files = [...this.files, ...(await readFiles(list))];
    this.chooser.value = "";
    this.showFiles();
    this.focus();
  }

  detach(file) {
    this.files = file ? this.files.filter((one) => one !== file) : [];
    this.showFiles();
  }

  showFiles() {
    this.attached.hidden = !this.files.length;
    const row = (one) => {
      const drop = { type: "button", class: "icon-button", "aria-label": t("say.detach", { name: one.filename }), onclick: () => this.detach(one) };
      return h("span", { class: "chip" }, icon("file"), one.filename, h("button", drop, icon("close")));
    };
    fill(this.attached, this.files.map(row));
  }

  // -- commands
  /** Run the command that is sent as text, which Discord's client never posts, or open its form; true when it is one. */
  tookCommand(text) {
    const channel = this.pane.channel?.id ?? "";
    if (!isCommand(channel, text)) return false;
    const typed = typedCommand(channel, `${text} `);
    if (typed) this.enterCommand(typed.leaf, typed.rest);
    else this.focus();
    if (typed && !typed.leaf.options.some((one) => one.required)) this.form.element.requestSubmit();
    return true;
  }

  /** @param {import("./commands.js").Leaf} leaf @param {string | null} [given] what is typed behind its name; null when it was picked */
  enterCommand(leaf, given = null) {
    this.list.hide();
    this.field.value = "";
    this.form = new CommandForm(this.pane, leaf, () => {
      this.leaveCommand();
      this.field.focus();
    });
    fill(this.slot, this.form.element);
    this.slot.hidden = false;
    this.line.hidden = true;
    if (given !== null) this.form.give(given);
    this.form.focus();
  }

  leaveCommand() {
    this.form = null;
    this.slot.replaceChildren();
    this.slot.hidden = true;
    this.line.hidden = false;
  }
}

// A command being filled in: one small field per option, with the bot's choices above it.

import { command } from "./api.js";
import { fill, h } from "./dom.js";
import { icon } from "./icons.js";
import { localized, t } from "./i18n.js";
import { Listbox } from "./listbox.js";
import { isNarrow } from "./nav.js";
import { OptionField, takesText } from "./optionfield.js";

export class CommandForm {
  /**
   * @param {import("./pane.js").Pane} pane
   * @param {import("./commands.js").Leaf} leaf
   * @param {() => void} onleave
   */
  constructor(pane, leaf, onleave) {
    this.pane = pane;
    this.leaf = leaf;
    this.leave = onleave;
    /** @type {OptionField[]} */
    this.fields = [];
    this.above = h("div", { class: "above" });
    this.trouble = h("p", { class: "trouble", role: "alert" });
    this.more = h("button", { type: "button", class: "more", "aria-haspopup": "listbox", onkeydown: (event) => this.moreKeys(event) });
    this.more.addEventListener("focus", () => this.offerOptional());
    this.more.addEventListener("click", () => this.offerOptional());
    this.more.addEventListener("blur", () => this.optional.hide());
    this.optional = new Listbox(this.more, { label: t("cmd.options"), onpick: (item) => this.add(item.value).focus() });
    this.more.removeAttribute("aria-autocomplete");
    this.more.setAttribute("role", "button");
    this.chips = h("div", { class: "chips" });
    const send = h("button", { type: "submit", class: "icon-button", "aria-label": t("say.send") }, icon("send"));
    const cancel = h("button", { type: "button", class: "icon-button", "aria-label": t("cmd.cancel"), onclick: this.leave }, icon("close"));
    this.element = h(
      "form",
      { class: "command", "aria-label": `/${leaf.label}`, onsubmit: (event) => this.submit(event), onkeydown: (event) => this.keys(event) },
      this.above,
      h("div", { class: "line" }, h("span", { class: "command-name" }, `/${leaf.label}`), this.chips, this.more, cancel, send),
      this.trouble,
    );
    this.send = send;
    this.isSent = false;
    for (const option of leaf.options.filter((one) => one.required)) this.add(option);
    this.optional.hide();
    this.paint();
  }

  get left() {
    return this.leaf.options.filter((option) => !this.fields.some((one) => one.option === option));
  }

  /** Put a field for an option into the line. */
  add(option) {
    const field = new OptionField(this, option);
    this.fields.push(field);
    this.chips.append(field.element);
    this.optional.hide();
    this.paint();
    return field;
  }

  /** Take what was typed behind the command's name into its first option: a required one, else the first. @param {string} text */
  give(text) {
    const open = this.leaf.options.filter(takesText);
    const option = open.find((one) => one.required) ?? open[0];
    if (!option || (!text && !isNarrow())) return; // on a phone the keyboard stays only with a field to write into
    (this.fields.find((one) => one.option === option) ?? this.add(option)).give(text);
  }

  drop(field) {
    if (field.option.required) return;
    const at = this.fields.indexOf(field);
    this.fields.splice(at, 1);
    field.element.remove();
    this.paint();
    (this.fields[at - 1] ?? this).focus();
  }

  paint() {
    this.more.hidden = this.left.length === 0;
    this.more.textContent = t("cmd.optional", { n: this.left.length });
  }

  offerOptional() {
    fill(this.above, this.optional.element);
    this.optional.show(this.left.map((option) => ({ label: localized(option, "name"), detail: localized(option, "description"), value: option })));
  }

  moreKeys(event) {
    const isLetter = event.key.length === 1 && event.key !== " ";
    if (isLetter && !event.ctrlKey && !event.metaKey && !event.altKey && this.left.length) {
      this.add(this.left[0]).focus(); // the letter itself arrives after this
      return;
    }
    if (event.key === "Enter" || event.key === "Tab") {
      // Enter here sends the command; only after moving in the list does it pick.
      if (!this.moved) return;
    }
    this.moved = event.key.startsWith("Arrow");
    this.optional.key(event);
  }

  focus() {
    const empty = this.fields.find((one) => one.isEmpty);
    const target = empty ?? this.fields.at(-1);
    if (target) target.focus();
    else (this.more.hidden ? this.send : this.more).focus();
  }

  /** After a field has its value: the next one that needs one. */
  next(field) {
    const empty = this.fields.find((one) => one !== field && one.isEmpty && one.option.required);
    if (empty) empty.focus();
  }

  keys(event) {
    if (event.key === "Escape") {
      event.preventDefault();
      this.leave();
    }
    if (event.key === "Enter" && event.target === this.more && !this.moved) {
      event.preventDefault();
      this.element.requestSubmit();
    }
  }

  /** Option name -> value, of those that have one. */
  values() {
    return Object.fromEntries(this.fields.filter((one) => !one.isEmpty).map((one) => [one.option.name, one.value]));
  }

  async submit(event) {
    event.preventDefault();
    this.trouble.textContent = "";
    const wrong = this.fields.find((one) => one.problem());
    if (wrong) {
      this.trouble.textContent = wrong.problem();
      wrong.focus();
      return;
    }
    if (this.isSent) return;
    this.isSent = true;
    const { pane, leaf } = this;
    pane.list.isAtEnd = true;
    await pane.run(`/${leaf.label}`, () => this.sent(), (reason, field) => this.refused(reason, field));
  }

  /** Send it; what was typed stays until the command is on its way. */
  async sent() {
    const opened = await command(this.pane.id, this.leaf.name, this.values());
    this.leave();
    return opened;
  }

  refused(reason, field) {
    this.isSent = false;
    this.trouble.textContent = reason;
    const wrong = this.fields.find((one) => one.option.name === field);
    wrong?.input.setAttribute("aria-invalid", "true");
    (wrong ?? this).focus();
  }
}

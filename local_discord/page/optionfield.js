// One option of a command: a small text field, with choices, the bot's autocomplete, or people and places.

import { Refused, autocomplete } from "./api.js";
import { fill, h } from "./dom.js";
import { readFiles } from "./files.js";
import { icon } from "./icons.js";
import { localized, t } from "./i18n.js";
import { Listbox } from "./listbox.js";
import { personItem, says } from "./people.js";
import { channelLabel, isDm, isThread, state } from "./store.js";

const TYPING_MS = 120;
const [STRING, INTEGER, BOOLEAN, USER, CHANNEL, ROLE, MENTIONABLE, NUMBER, ATTACHMENT] = [3, 4, 5, 6, 7, 8, 9, 10, 11];

/** Whether an option is filled in by typing. @param {any} option as the command was registered */
export const takesText = (option) => option.type !== ATTACHMENT;

export class OptionField {
  /**
   * @param {import("./commandform.js").CommandForm} form
   * @param {any} option as the command was registered
   */
  constructor(form, option) {
    this.form = form;
    this.option = option;
    this.picked = null;
    this.isGiven = false; // typed out with the command: Enter sends it, and picks nothing in its place
    this.asked = 0;
    this.input = h("input", {
      type: option.type === ATTACHMENT ? "file" : "text",
      onchange: () => option.type === ATTACHMENT && this.chooseFile(),
      autocomplete: "off",
      "aria-required": String(Boolean(option.required)),
      inputmode: option.type === INTEGER ? "numeric" : null,
      oninput: () => this.typed(),
      onfocus: () => this.offer(),
      onblur: () => this.list.hide(),
      onkeydown: (event) => this.keys(event),
    });
    const label = localized(option, "name");
    this.list = new Listbox(this.input, { label, onpick: (item) => this.pick(item) });
    this.hint = h("p", { class: "hint" }, h("strong", {}, label), " ", localized(option, "description"));
    if (option.required) this.hint.append(" ", h("em", {}, t("cmd.required")));
    this.element = h("label", { class: "option-field" }, h("span", {}, label), this.input);
    this.list.hide();
  }

  focus() {
    this.input.focus();
  }

  get isEmpty() {
    return this.input.value.trim() === "";
  }

  get isOpenText() {
    return !this.option.choices && !this.option.autocomplete && [STRING, INTEGER, NUMBER, ATTACHMENT].includes(this.option.type);
  }

  /** Whether only what the page itself offers can be chosen. */
  get isLocal() {
    return !this.isOpenText && !this.option.autocomplete;
  }

  /** The value as it is sent. */
  get value() {
    if (this.picked) return this.picked.value;
    const text = this.input.value.trim();
    if (this.option.type === INTEGER || this.option.type === NUMBER) return Number(text);
    const same = this.same(text);
    return same ? same.value : text;
  }

  /** Who or what of the local choices is called exactly so: by the shown name, else by the username. */
  same(text) {
    const [all, words] = [this.local(), text.toLowerCase()];
    return all.find((one) => one.label.toLowerCase() === words) ?? all.find((one) => one.detail?.toLowerCase() === words);
  }

  /** Take what was typed behind the command's name. @param {string} text */
  give(text) {
    this.input.value = text;
    this.isGiven = !text || this.option.autocomplete || Boolean(this.same(text));
  }

  /** What is wrong with it, in words; "" when nothing is. */
  problem() {
    const name = localized(this.option, "name");
    const isNumber = this.option.type === INTEGER || this.option.type === NUMBER;
    let text = "";
    if (this.isEmpty) text = this.option.required ? t("cmd.missing", { name }) : "";
    else if (isNumber && !Number.isFinite(Number(this.value))) text = t("cmd.number", { name });
    else if (this.isLocal && !this.picked && !this.same(this.input.value.trim())) text = t("refused.not_offered", { label: name });
    this.input.setAttribute("aria-invalid", String(Boolean(text)));
    return text;
  }

  typed() {
    this.picked = null;
    this.isGiven = false;
    this.offer();
  }

  /** Show what may be chosen; for text the description alone. */
  async offer() {
    fill(this.form.above, this.hint, this.list.element);
    if (this.option.autocomplete) {
      await this.ask();
      return;
    }
    const words = this.picked ? "" : this.input.value.trim().toLowerCase();
    const found = this.local().filter((one) => says(one, words));
    this.list.show(found.slice(0, 25), { active: this.isOpenText || this.isGiven ? -1 : 0, note: this.isOpenText ? "" : t("cmd.no_choice") });
  }

  /** Ask the bot, when the person has stopped typing for a moment. */
  async ask() {
    this.asked += 1;
    const mine = this.asked;
    await new Promise((resolve) => setTimeout(resolve, TYPING_MS));
    if (mine !== this.asked || document.activeElement !== this.input) return;
    const { pane, leaf } = this.form;
    const others = { ...this.form.values(), [this.option.name]: this.picked ? "" : this.input.value };
    const answer = await autocomplete(pane.id, leaf.name, others, this.option.name).catch((error) => {
      if (error instanceof Refused) return { choices: null };
      throw error;
    });
    if (mine !== this.asked || document.activeElement !== this.input) return;
    const choices = (answer.choices ?? []).map((one) => ({ label: localized(one, "name"), value: one.value }));
    this.list.show(choices, { active: this.isGiven ? -1 : 0, note: answer.choices ? t("cmd.no_choice") : t("cmd.choices_failed") });
  }

  /** What can be chosen without asking the bot. */
  local() {
    const { choices, type } = this.option;
    if (choices) return choices.map((one) => ({ label: localized(one, "name"), value: one.value }));
    const users = () => state.members.map((one) => ({ ...personItem(one), value: one.id }));
    const roles = () => state.roles.map((one) => ({ label: `@${one.name.replace(/^@/, "")}`, value: one.id }));
    const channels = () =>
      state.channels
        .filter((one) => !isDm(one) && (!this.option.channel_types || this.option.channel_types.includes(one.type)))
        .map((one) => ({ label: channelLabel(one), value: one.id, icon: icon(isThread(one) ? "thread" : "hash") }));
    const truth = () => [{ label: t("cmd.true"), value: true }, { label: t("cmd.false"), value: false }];
    const kinds = { [BOOLEAN]: truth, [USER]: users, [CHANNEL]: channels, [ROLE]: roles, [MENTIONABLE]: () => [...users(), ...roles()] };
    return kinds[type]?.() ?? [];
  }

  async chooseFile() {
    const [file] = await readFiles(this.input.files);
    this.picked = file ? { label: file.filename, value: file } : null;
  }

  pick(item) {
    this.picked = item;
    this.asked += 1;
    this.input.value = item.label;
    this.input.setAttribute("aria-invalid", "false");
    this.list.hide();
    this.form.next(this);
  }

  keys(event) {
    if (event.isComposing || event.keyCode === 229) return;
    if (event.key === "Backspace" && this.input.value === "") {
      event.preventDefault();
      this.form.drop(this);
    } else if (!(event.key === "Enter" && this.picked)) {
      this.list.key(event);
    }
  }
}

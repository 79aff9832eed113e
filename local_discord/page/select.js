// Select menus of all kinds: strings, users, roles, mentionables, channels. One for messages and for modals.

import { fill, h } from "./dom.js";
import { icon } from "./icons.js";
import { t } from "./i18n.js";
import { Listbox } from "./listbox.js";
import { personItem } from "./people.js";
import { popup } from "./popup.js";
import { channelLabel, isDm, signOf, state } from "./store.js";

export const SELECTS = [3, 5, 6, 7, 8];
const SEARCH_FROM = 8; // options from which a search field helps

/** What can be chosen: label, detail, icon, value. */
function offered({ type, options = [], channel_types: kinds }) {
  if (type === 3) {
    return options.map((one) => ({ label: one.label, detail: one.description, value: one.value, icon: emojiOf(one.emoji) }));
  }
  const users = state.members.map((one) => ({ ...personItem(one), value: one.id }));
  const roles = state.roles.map((one) => ({ label: `@${one.name.replace(/^@/, "")}`, value: one.id, icon: icon("at") }));
  const channels = state.channels
    .filter((one) => !isDm(one) && (!kinds?.length || kinds.includes(one.type)))
    .map((one) => ({ label: channelLabel(one), value: one.id, icon: icon(signOf(one)) }));
  return { 5: users, 6: roles, 7: [...users, ...roles], 8: channels }[type];
}

const emojiOf = (emoji) => (emoji?.name ? h("span", { class: "emoji" }, emoji.name) : null);

/** What is chosen before anybody chooses. */
function preselected({ options = [], default_values: defaults = [] }) {
  return [...options.filter((one) => one.default).map((one) => one.value), ...defaults.map((one) => one.id)];
}

/**
 * A select as a button that opens its list.
 * @param {any} component
 * @param {{onchange: (values: string[]) => void, label?: string, disabled?: boolean}} options
 *   onchange is called when the choice is final: at once when one is chosen, else when the list closes.
 */
export function select(component, { onchange, label = "", disabled = false }) {
  let values = preselected(component);
  const most = component.max_values ?? 1;
  const name = label || component.placeholder || t("select.placeholder");
  const button = h("button", {
    type: "button",
    class: "select",
    "aria-haspopup": "listbox",
    "aria-expanded": "false",
    disabled: disabled || component.disabled,
    data: { focus: component.custom_id },
    onclick: () => open(),
  });
  paint();

  function paint() {
    const all = offered(component);
    const chosen = values.map((one) => all.find((item) => item.value === one)?.label ?? one);
    const shown = chosen.length ? h("span", { class: "chosen" }, chosen.map((one) => h("span", { class: "chip" }, one))) : null;
    fill(button, shown ?? h("span", { class: "placeholder" }, component.placeholder ?? t("select.placeholder")), icon("down"));
    button.setAttribute("aria-label", chosen.length ? `${name}: ${chosen.join(", ")}` : name);
  }

  function open() {
    const before = values.join("\n");
    const all = offered(component);
    const search = h("input", { type: "text", class: "search", placeholder: t("select.search"), "aria-label": t("select.search") });
    const list = new Listbox(search, { label: name, multiple: most > 1, onpick: (item) => pick(item) });
    const paintList = (active = 0) => {
      const words = search.value.toLowerCase();
      const found = all.filter((one) => `${one.label} ${one.detail ?? ""}`.toLowerCase().includes(words));
      list.show(found.map((one) => ({ ...one, chosen: values.includes(one.value) })), { active, note: t("select.none") });
    };
    const quiet = all.length < SEARCH_FROM && component.type === 3;
    if (quiet) search.classList.add("visually-hidden");
    if (quiet) search.readOnly = true;
    search.addEventListener("input", () => paintList());
    search.addEventListener("keydown", (event) => {
      if (event.key === " " && quiet && list.active >= 0) {
        event.preventDefault();
        pick(list.items[list.active]);
      } else if (event.key === "Tab" && most > 1) box.close(true);
      else if (event.key !== "Escape") list.key(event);
    });
    const done = h("button", { type: "button", class: "done", onclick: () => box.close(true) }, t("select.done"));
    const content = h("div", { class: "select-list" }, search, list.element, most > 1 ? done : null);
    const box = popup(button, content, { match: true, onclose: () => values.join("\n") !== before && most > 1 && onchange(values) });
    paintList(Math.max(0, all.findIndex((one) => values.includes(one.value))));
    box.place();
    search.focus();

    function pick(item) {
      if (most > 1) {
        const has = values.includes(item.value);
        if (!has && values.length >= most) return;
        values = has ? values.filter((one) => one !== item.value) : [...values, item.value];
        paint();
        paintList(list.active);
        return;
      }
      const again = values[0] === item.value && (component.min_values ?? 1) === 0;
      values = again ? [] : [item.value];
      paint();
      box.close(true);
      onchange(values);
    }
  }
  return button;
}

/** The values that a select begins with. @param {any} component */
export const initialValues = preselected;

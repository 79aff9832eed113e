// The fields of a modal: text inputs, selects, files, radio buttons and check boxes, each below its label.
// Source: Discord's docs, Components > Reference.

import { readFiles } from "./files.js";
import { fill, freshId, h } from "./dom.js";
import { icon } from "./icons.js";
import { t } from "./i18n.js";
import { prose } from "./markdown.js";
import { SELECTS, initialValues, select } from "./select.js";

const PARAGRAPH = 2;
const [TEXT_DISPLAY, LABEL, FILE_UPLOAD, RADIO_GROUP, CHECKBOX_GROUP, CHECKBOX] = [10, 18, 19, 21, 22, 23];

/**
 * One component of a modal's top level: a label with its field, the older row with a text input, or text.
 * @param {any} item
 * @param {Record<string, any>} values filled in by custom id as the person goes
 */
export function modalItem(item, values) {
  if (item.type === TEXT_DISPLAY) return prose(item.content);
  if (item.type === LABEL) return field(item.component, item.label, item.description, values);
  return (item.components ?? []).map((child) => field(child, child.label, "", values));
}

function field(component, label, description, values) {
  const id = freshId("field");
  const required = component.required !== false && component.type !== CHECKBOX;
  const control = controlOf(component, label, values);
  const isGroup = [RADIO_GROUP, CHECKBOX_GROUP, FILE_UPLOAD].includes(component.type);
  control.id = id;
  if (description) control.setAttribute("aria-describedby", `${id}-hint`);
  if (component.type === CHECKBOX) return ticked(control, label, description, component.custom_id);
  const title = [label, required ? h("span", { class: "required", title: t("modal.required") }, " *") : null];
  return h(
    "div",
    { class: "field", data: { field: component.custom_id } },
    isGroup ? h("span", { class: "label" }, title) : h("label", { for: id }, title),
    description ? h("p", { class: "hint", id: `${id}-hint` }, description) : null,
    control,
  );
}

/** A check box stands before its label, as in a list of them. */
function ticked(box, label, description, customId) {
  const hint = description ? h("small", { id: `${box.id}-hint` }, description) : null;
  return h("div", { class: "field", data: { field: customId } }, h("label", { class: "choice", for: box.id }, box, h("span", {}, label, hint)));
}

function controlOf(component, label, values) {
  const { type, custom_id: id } = component;
  if (SELECTS.includes(type)) {
    values[id] = initialValues(component);
    return select(component, { label, onchange: (chosen) => (values[id] = chosen) });
  }
  if (type === FILE_UPLOAD) return upload(component, label, values);
  if (type === RADIO_GROUP || type === CHECKBOX_GROUP) return group(component, label, values);
  if (type === CHECKBOX) return checkbox(component, values);
  return input(component, values);
}

function input(component, values) {
  values[component.custom_id] = component.value ?? "";
  const long = component.style === PARAGRAPH;
  return h(long ? "textarea" : "input", {
    ...(long ? { rows: "4" } : { type: "text", autocomplete: "off" }),
    maxlength: component.max_length ?? 4000,
    placeholder: component.placeholder,
    "aria-required": String(component.required !== false),
    value: component.value ?? "",
    oninput: (event) => (values[component.custom_id] = event.currentTarget.value),
  });
}

/** Files, chosen by a button in the page's language: the browser's own control speaks the browser's. */
function upload(component, label, values) {
  const { custom_id: id, max_values: most = 1 } = component;
  values[id] = [];
  const chooser = h("input", { type: "file", multiple: most > 1, hidden: true, onchange: () => chosen() });
  const text = most > 1 ? t("modal.choose_many", { n: most }) : t("modal.choose");
  const choose = h("button", { type: "button", class: "button secondary", onclick: () => chooser.click() }, icon("plus"), h("span", {}, text));
  const list = h("div", { class: "attached" });
  async function chosen() {
    const more = await readFiles(chooser.files);
    chooser.value = "";
    show(most > 1 ? [...values[id], ...more].slice(0, most) : more);
  }
  function show(files) {
    values[id] = files;
    fill(list, files.map(chip));
    choose.focus();
  }
  function chip(one) {
    const label = t("say.detach", { name: one.filename });
    const drop = () => show(values[id].filter((other) => other !== one));
    const button = h("button", { type: "button", class: "icon-button", "aria-label": label, onclick: drop }, icon("close"));
    return h("span", { class: "chip" }, icon("file"), h("span", { class: "ellipsis" }, one.filename), button);
  }
  return h("div", { class: "upload", role: "group", "aria-label": label }, chooser, choose, list);
}

function checkbox(component, values) {
  const id = component.custom_id;
  values[id] = Boolean(component.default);
  return h("input", { type: "checkbox", checked: component.default, onchange: (event) => (values[id] = event.currentTarget.checked) });
}

/** Radio buttons give one value, check boxes a list. */
function group(component, label, values) {
  const { custom_id: id, options = [] } = component;
  const isRadio = component.type === RADIO_GROUP;
  const name = freshId("group");
  const collect = () => {
    const chosen = [...box.querySelectorAll("input:checked")].map((one) => one.value);
    values[id] = isRadio ? (chosen[0] ?? []) : chosen;
  };
  const rows = options.map((one) =>
    h(
      "label",
      { class: "choice" },
      h("input", { type: isRadio ? "radio" : "checkbox", name, value: one.value, checked: one.default, onchange: collect }),
      h("span", {}, one.label, one.description ? h("small", {}, one.description) : null),
    ),
  );
  const box = h("div", { class: "choices", role: isRadio ? "radiogroup" : "group", "aria-label": label }, rows);
  collect();
  return box;
}

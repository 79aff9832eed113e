// Components of messages: buttons and selects, and Components V2 from containers to files.
// Source: Discord's docs, Components > Reference.

import { click } from "./api.js";
import { h, safeUrl } from "./dom.js";
import { icon } from "./icons.js";
import { t } from "./i18n.js";
import { follow } from "./interactions.js";
import { prose } from "./markdown.js";
import { fileCard, picture, spoilt } from "./media.js";
import { SELECTS, select } from "./select.js";

const STYLES = { 1: "primary", 2: "secondary", 3: "success", 4: "danger", 5: "link", 6: "link" };

/**
 * The components of a message.
 * @param {any[]} list
 * @param {{id: string, onfail: (reason: string) => void}} message onfail says that an act led to nothing; "" that another began
 * @returns {Node[]}
 */
export function renderComponents(list, message) {
  return list.map((one) => render(one, message)).filter(Boolean);
}

function render(item, message) {
  const inside = () => renderComponents(item.components ?? [], message);
  if (SELECTS.includes(item.type)) return selectOf(item, message);
  switch (item.type) {
    case 1:
      return h("div", { class: "row" }, inside());
    case 2:
      return button(item, message);
    case 9:
      return h("div", { class: "section" }, h("div", {}, inside()), render(item.accessory, message));
    case 10:
      return prose(item.content, "text-display");
    case 11:
      return spoilt(item, picture(item.media, item.description, "picture thumbnail"));
    case 12:
      return h(
        "div",
        { class: `gallery of-${Math.min(item.items.length, 4)}` },
        item.items.map((one) => spoilt(one, picture(one.media, one.description ?? ""))),
      );
    case 13:
      return spoilt(item, fileCard(item.name ?? item.file.url.split("/").at(-1), item.size, item.file.url));
    case 14:
      return h("hr", { class: `separator ${item.divider === false ? "blank" : ""} ${item.spacing === 2 ? "wide" : ""}` });
    case 17:
      return container(item, inside());
    default:
      return null;
  }
}

function container(item, children) {
  const colour = item.accent_color ? { "--bar": `#${item.accent_color.toString(16).padStart(6, "0")}` } : {};
  const box = h("div", { class: item.accent_color ? "container accented" : "container", vars: colour }, children);
  return spoilt(item, box);
}

function button(item, message) {
  const emoji = item.emoji?.name ? h("span", { class: "emoji", "aria-hidden": "true" }, item.emoji.name) : null;
  const style = `button ${STYLES[item.style] ?? "secondary"}`;
  const label = item.label ? h("span", {}, item.label) : null;
  if (item.url) {
    const href = safeUrl(item.url);
    return h("a", { class: style, href, target: "_blank", rel: "noreferrer noopener", role: "link" }, emoji, label, icon("link"));
  }
  const name = item.label ? {} : { "aria-label": item.emoji?.name };
  const element = h(
    "button",
    { type: "button", class: style, disabled: item.disabled, data: { focus: item.custom_id }, onclick: press, ...name },
    emoji,
    label,
  );
  async function press() {
    if (element.getAttribute("aria-busy") === "true") return;
    element.setAttribute("aria-busy", "true");
    await act(message, item.custom_id);
    element.removeAttribute("aria-busy");
  }
  return element;
}

function selectOf(item, message) {
  return select(item, { onchange: (values) => act(message, item.custom_id, values) });
}

async function act(message, customId, values = []) {
  message.onfail("");
  const outcome = await follow(() => click(message.id, customId, values));
  if (outcome.kind === "silent") message.onfail(t("msg.failed"));
  if (outcome.kind === "refused") message.onfail(outcome.reason ?? t("msg.failed"));
}

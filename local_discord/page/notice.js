// What the page itself says in the list: a command is on its way, or the bot did not answer.

import { h } from "./dom.js";
import { icon } from "./icons.js";
import { t } from "./i18n.js";
import { appBadge, avatar } from "./people.js";
import { memberById, state } from "./store.js";

/**
 * @param {{name: string, text: string}} one text is "" while the answer is awaited
 * @param {import("./messagelist.js").MessageList} list
 */
export function notice(one, list) {
  const app = state.application;
  const name = memberById(state.me)?.name ?? "";
  const dismiss = h("button", { type: "button", class: "as-link", onclick: () => list.removeNotice(one) }, t("msg.dismiss"));
  return h(
    "li",
    { class: one.text ? "message private" : "message private sending" },
    h(
      "div",
      { class: "lead" },
      avatar(state.me, name, { small: true }),
      h("span", { class: "dim" }, t("msg.used", { name })),
      h("span", { class: "mention" }, one.name),
    ),
    h("span", { class: "gutter" }, avatar(app.id, app.name, { bot: true })),
    h(
      "div",
      { class: "body" },
      h("div", { class: "head" }, h("span", { class: "author" }, app.name), appBadge()),
      h("p", one.text ? { class: "failed", role: "alert" } : { class: "thinking", role: "status" }, one.text || t("msg.sending")),
      one.text ? h("p", { class: "only-you" }, icon("eye"), t("msg.only_you"), " • ", dismiss) : null,
    ),
  );
}

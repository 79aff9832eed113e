// Modals: forms that an app opens, validated by the local Discord as Discord's client would.

import { Refused, answered, submit } from "./api.js";
import { closeDialog, showDialog } from "./dialog.js";
import { fill, freshId, h } from "./dom.js";
import { modalItem } from "./fields.js";
import { icon } from "./icons.js";
import { t } from "./i18n.js";
import { appBadge, avatar } from "./people.js";
import { state } from "./store.js";

const CONTROL = "input:not([hidden]), textarea, .select, .upload .button";

/**
 * Show *modal*, which the interaction opened.
 * @param {string} interaction
 * @param {any} modal
 */
export function openModal(interaction, modal) {
  /** @type {Record<string, any>} */
  const fields = {};
  const trouble = h("p", { class: "trouble", role: "alert" });
  const titleId = freshId("modal");
  const send = h("button", { type: "submit", class: "button primary" }, t("modal.submit"));
  const close = () => closeDialog(dialog);
  const form = h(
    "form",
    { method: "dialog", novalidate: true, onsubmit: (event) => sent(event) },
    h(
      "header",
      {},
      avatar(state.application.id, state.application.name, { bot: true }),
      h("h2", { id: titleId }, modal.title),
      h("button", { type: "button", class: "icon-button", "aria-label": t("modal.close"), onclick: close }, icon("close")),
    ),
    h(
      "div",
      { class: "fields" },
      modal.components.map((one) => modalItem(one, fields)),
      h("p", { class: "hint" }, t("modal.from", { name: state.application.name }), " ", appBadge()),
    ),
    h("footer", {}, trouble, h("button", { type: "button", class: "button quiet", onclick: close }, t("modal.cancel")), send),
  );
  const dialog = h("dialog", { class: "modal", "aria-labelledby": titleId }, form);
  showDialog(dialog);
  dialog.querySelector(CONTROL)?.focus();

  /** Show which field is at fault. @param {string} [customId] */
  function mark(customId) {
    for (const one of dialog.querySelectorAll("[data-field]")) {
      const control = one.querySelector(CONTROL);
      const isWrong = one.dataset.field === customId;
      control?.setAttribute("aria-invalid", String(isWrong));
      if (isWrong) control?.focus();
    }
  }

  async function sent(event) {
    event.preventDefault();
    if (send.disabled) return;
    send.disabled = true;
    fill(trouble);
    mark();
    try {
      const opened = await submit(interaction, fields);
      const seen = await answered(opened.interaction);
      if (seen.state === "responded" || seen.state === "deferred") closeDialog(dialog);
      else fill(trouble, t("modal.failed"));
    } catch (error) {
      if (!(error instanceof Refused)) throw error;
      fill(trouble, error.message);
      mark(error.field);
    }
    send.disabled = false;
  }
}

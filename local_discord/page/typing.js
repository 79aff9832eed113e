// Who is typing in a channel; the server says when it ends.

import { h } from "./dom.js";
import { lang, t } from "./i18n.js";
import { memberById, state } from "./store.js";

/** The line below the message box; nothing when nobody types. @param {import("./store.js").Channel | undefined} channel */
export function typingLine(channel) {
  const names = (channel?.typing ?? []).filter((id) => id !== state.me).map((id) => memberById(id)?.name ?? "?");
  if (!names.length) return null;
  const who = new Intl.ListFormat(lang()).format(names);
  const text = names.length > 1 ? t("say.typing_many", { who }) : t("say.typing", { who });
  return [h("span", { class: "dots", "aria-hidden": "true" }, h("i"), h("i"), h("i")), text];
}

// Ctrl+K: go to a channel, thread or DM by typing a part of its name.

import { closeDialog, showDialog } from "./dialog.js";
import { h } from "./dom.js";
import { icon } from "./icons.js";
import { t } from "./i18n.js";
import { Listbox } from "./listbox.js";
import { go } from "./nav.js";
import { avatar } from "./people.js";
import { inOrder } from "./sidebar.js";
import { DM, channelById, signOf, state } from "./store.js";

/** Open the switcher; once is enough. */
export function openSwitcher() {
  if (document.querySelector("dialog[open]")) return;
  const field = h("input", { type: "text", class: "search", placeholder: t("switcher.hint"), "aria-label": t("switcher.hint") });
  const pick = (item) => {
    closeDialog(dialog);
    go(item.value, "", { write: true });
  };
  const list = new Listbox(field, { label: t("switcher.label"), onpick: pick });
  const dialog = h(
    "dialog",
    { class: "switcher", "aria-label": t("switcher.label") },
    field,
    list.element,
  );
  dialog.addEventListener("click", (event) => event.target === dialog && closeDialog(dialog));
  const paint = () => {
    const words = field.value.toLowerCase();
    list.show(places().filter((one) => one.label.toLowerCase().includes(words)), { note: t("select.none") });
  };
  field.addEventListener("input", paint);
  field.addEventListener("keydown", (event) => event.key !== "Escape" && list.key(event));
  showDialog(dialog);
  paint();
  field.focus();
}

/** Everything one can go to; what waits for the viewer first. */
function places() {
  const { id, name } = state.application;
  const dm = channelById(DM);
  const all = [
    ...inOrder().map((one) => ({ channel: one, label: one.name, value: one.id, icon: icon(signOf(one)) })),
    { channel: dm, label: name, value: DM, icon: avatar(id, name, { bot: true, small: true }) },
  ];
  const weight = ({ channel }) => (channel?.mentions ? 0 : channel?.unread ? 1 : 2);
  return all
    .sort((a, b) => weight(a) - weight(b))
    .map((one) => ({ ...one, detail: one.channel?.mentions ? String(one.channel.mentions) : one.channel?.unread ? t("nav.unread") : "" }));
}

// A small emoji picker for reactions: the most usual ones, and a field for any other.

import { h } from "./dom.js";
import { t } from "./i18n.js";
import { closePopup, popup } from "./popup.js";

const OFFERED = [..."👀✅🙏👍🎉🔥🚨🛑🟢🟠🔴📌🔧🔍📈📉💡🧯🤔😅😴❤️🚀☕"].filter((one) => one !== "\ufe0f");
const COLUMNS = 8;

/**
 * Let the person pick an emoji.
 * @param {HTMLElement} anchor
 * @param {(emoji: string) => void} onpick
 */
export function pickEmoji(anchor, onpick) {
  const pick = (emoji) => {
    closePopup();
    onpick(emoji);
  };
  const buttons = OFFERED.map((emoji) =>
    h("button", { type: "button", class: "emoji", "aria-label": emoji, onclick: () => pick(emoji) }, emoji),
  );
  const grid = h("div", { class: "emoji-grid", onkeydown: (event) => move(buttons, event) }, buttons);
  const other = h("input", { type: "text", maxlength: "16", placeholder: t("react.any"), "aria-label": t("react.any") });
  const form = h("form", {
    onsubmit: (event) => {
      event.preventDefault();
      if (other.value.trim()) pick(other.value.trim());
    },
  }, other);
  popup(anchor, h("div", { class: "emoji-picker", role: "dialog", "aria-label": t("react.pick") }, grid, form));
  buttons[0].focus();
}

function move(buttons, event) {
  const at = buttons.indexOf(document.activeElement);
  const step = { ArrowRight: 1, ArrowLeft: -1, ArrowDown: COLUMNS, ArrowUp: -COLUMNS }[event.key];
  if (step === undefined || !buttons[at + step]) return;
  event.preventDefault();
  buttons[at + step].focus();
}

// Discord's clock, which only moves forwards: ages, tokens, idle threads, relative times.

import { advance } from "./api.js";
import { h } from "./dom.js";
import { t } from "./i18n.js";
import { on, state } from "./store.js";
import { attempt } from "./toast.js";

const STEPS_MIN = [1, 5, 15, 60];
const MINUTE_S = 60;

/** @returns {HTMLElement} */
export function clockPanel() {
  const shift = h("span", { class: "dim", role: "status" });
  const step = (minutes) =>
    h("button", { type: "button", class: "button secondary small", onclick: () => attempt(() => advance(minutes * MINUTE_S)) }, t("clock.step", { n: minutes }));
  on("state", () => {
    const minutes = Math.round(state.clock_shift_s / MINUTE_S);
    shift.textContent = minutes ? t("clock.shift", { n: minutes }) : t("clock.real");
  });
  return h("div", { class: "clock" }, h("div", { class: "once" }, STEPS_MIN.map(step)), shift, h("small", { class: "dim" }, t("clock.hint")));
}

// Buttons beside the message box: what the program that runs this local Discord offers, or else Discord's own clock.

import { advance, pressControl } from "./api.js";
import { h, living, refill } from "./dom.js";
import { icon } from "./icons.js";
import { lang, t } from "./i18n.js";
import { openMenu } from "./menu.js";
import { emit, on, state } from "./store.js";
import { attempt, toast } from "./toast.js";

const STEPS_MIN = [1, 15, 60];
const MINUTE_S = 60;
const CLOCK = "clock";

/** A text of the program in the page's language. @param {{ja: string, en: string}} text */
export const said = (text) => text[lang()];

/**
 * One button for each group, which opens its menu.
 * @param {string} where tells the buttons of two panes apart
 * @returns {HTMLElement}
 */
export function controlButtons(where) {
  const element = h("span", { class: "controls" });
  const paint = () => refill(element, groups().map((one) => groupButton(one, `${where}-${one.id}`)));
  on("state", paint);
  paint();
  return element;
}

/** What is offered; without a program the clock of this Discord alone. */
const groups = () => (state.controls.length ? state.controls : [{ id: CLOCK, icon: "forward", own: true }]);
/** The icon of a control's group. @param {string} control */
export const iconOf = (control) => state.controls.find((group) => group.controls.some((one) => one.id === control))?.icon ?? "forward";
const titleOf = (group) => (group.own ? t("clock.title") : said(group.label));

function groupButton(group, key) {
  const label = titleOf(group);
  const title = group.own ? `${label} · ${shift()}` : label;
  const props = { type: "button", class: "icon-button", "aria-haspopup": "menu", "aria-label": label, title, "aria-busy": state.running ? "true" : null };
  const onclick = (event) => {
    if (state.running) toast(t("refused.busy"));
    else open(event.currentTarget, groups().find((one) => one.id === group.id) ?? group);
  };
  return h("button", { ...props, data: { focus: `control-${key}` }, onclick }, icon(group.icon));
}

function open(anchor, group) {
  const label = titleOf(group);
  openMenu(anchor, [{ heading: label }, ...(group.own ? steps(anchor) : items(anchor, group))], { label });
}

/** Discord's own clock: nobody else's goes with it. */
function steps(anchor) {
  const step = (minutes) => ({
    label: t("clock.step", { n: minutes }),
    run: () => {
      living(anchor).focus();
      attempt(() => advance(minutes * MINUTE_S));
    },
  });
  return [{ heading: shift() }, ...STEPS_MIN.map(step)];
}

function shift() {
  const minutes = Math.round(state.clock_shift_s / MINUTE_S);
  return minutes ? t("clock.shift", { n: minutes }) : t("clock.real");
}

function items(anchor, group) {
  return group.controls.flatMap((one) => [
    one.heading && { heading: said(one.heading) },
    {
      label: said(one.label),
      detail: one.detail ? said(one.detail) : "",
      hint: one.hint ? said(one.hint) : "",
      run: () => {
        living(anchor).focus();
        press(one.id);
      },
    },
  ]);
}

async function press(control) {
  const answer = await attempt(() => pressControl(control));
  if (answer) emit("pressed", answer.press);
}

// Switches for the faults: some hold until they are lifted, some happen once.

import { fault, freeze, liftFault, liftFaults, thaw } from "./api.js";
import { h, refill } from "./dom.js";
import { faultForm } from "./faultform.js";
import { kindOf } from "./faultkinds.js";
import { icon } from "./icons.js";
import { t } from "./i18n.js";
import { on, state } from "./store.js";
import { attempt } from "./toast.js";

const EVERY = "* /**";
/** Hosts that are gone while it lasts: what `DELETE fault/{id}` calls each, and where the state says so. */
const GONE = { down: "gateway_down", resume_down: "resume_down" };
const LASTING = {
  503: { route: EVERY, status: 503, times: null },
  slow: { route: EVERY, delay_s: 2, times: null },
  down: { gateway: "down" },
  resume_down: { gateway: "resume_down" },
  frozen: {},
};

/** @returns {HTMLElement} */
export function faultPanel() {
  const lasting = Object.keys(LASTING).map((name) => [name, lastingSwitch(name)]);
  const active = h("ul", { class: "active-faults" });
  const sessions = h("p", { class: "dim", role: "status" });
  const clear = h("button", { type: "button", class: "button danger", onclick: () => attempt(liftFaults) }, t("fault.clear"));
  on("state", () => {
    for (const [name, element] of lasting) element.setAttribute("aria-checked", String(holds(name)));
    const rows = state.faults.map(describe);
    for (const [name, flag] of Object.entries(GONE)) {
      if (state[flag]) rows.push(row([t(`fault.${name}`)], () => liftFault(name)));
    }
    if (state.frozen) rows.push(row([t("fault.frozen")], thaw));
    if (state.silent) rows.push(row([t("fault.silent", { n: state.silent })]));
    refill(active, rows.length ? rows : h("li", { class: "dim" }, t("fault.none")));
    sessions.textContent = t("status.sessions", { n: state.sessions });
    clear.disabled = !rows.length;
  });
  return h(
    "section",
    { class: "panel faults" },
    h("p", { class: "dim" }, t("fault.intro")),
    lasting.map(([, element]) => element),
    h("h3", {}, t("fault.active")),
    active,
    clear,
    h("h3", {}, t("fault.own")),
    faultForm(),
    sessions,
  );
}

function lastingSwitch(name) {
  return h(
    "button",
    { type: "button", class: "switch", role: "switch", "aria-checked": "false", onclick: () => attempt(() => flip(name)) },
    h("span", {}, h("strong", {}, t(`fault.${name}`)), h("small", {}, t(`fault.${name}_hint`))),
    h("i", { class: "knob", "aria-hidden": "true" }),
  );
}

/** The fault of a lasting switch, when it is in force. */
function faultOf(name) {
  const { status, delay_s } = LASTING[name];
  return state.faults.find((one) => one.route === EVERY && one.status === status && one.delay_s === delay_s);
}

function holds(name) {
  if (name in GONE) return state[GONE[name]];
  return name === "frozen" ? state.frozen : Boolean(faultOf(name));
}

async function flip(name) {
  if (name === "frozen") await (state.frozen ? thaw() : freeze());
  else if (!holds(name)) await fault(LASTING[name]);
  else if (name in GONE) await liftFault(name);
  else await liftFault(faultOf(name).id);
}

/** A fault in force: its kind, what it hits, with what, and how often. */
function describe(one) {
  const values = [one.status, one.delay_s && `${one.delay_s} s`, one.retry_after && `${one.retry_after} s`, one.probability && `${one.probability * 100} %`];
  const left = one.left === null ? t("fault.always") : t("fault.times", { n: one.left });
  const what = [
    h("strong", {}, t(`fault.kind.${kindOf(one)}`)),
    h("code", {}, one.route ?? one.event ?? "*"),
    h("span", {}, values.filter(Boolean).join(" · ")),
    h("small", { class: "dim" }, `${left} · ${t("fault.hits", { n: one.hits })}`),
  ];
  return row(what, () => liftFault(one.id), one.id);
}

/** A line of what is in force; without *lift* it goes by itself. */
function row(what, lift, id = "") {
  const act = { type: "button", class: "as-link", data: { focus: `lift-${id}` }, onclick: () => attempt(lift) };
  return h("li", {}, icon("alert"), what, lift ? h("button", act, t("fault.lift")) : null);
}

// Switches for the faults: some hold until they are lifted, some happen once.

import { fault, freeze, liftFault, liftFaults, thaw } from "./api.js";
import { fill, h } from "./dom.js";
import { icon } from "./icons.js";
import { t } from "./i18n.js";
import { on, state } from "./store.js";
import { attempt } from "./toast.js";

const EVERY = "* /**";
const LASTING = {
  503: { route: EVERY, status: 503, times: null },
  slow: { route: EVERY, delay_s: 2, times: null },
  down: { gateway: "down" },
  frozen: {},
};
const ONCE = ["drop", "invalidate", "reconnect"];

/** @returns {HTMLElement} */
export function faultPanel() {
  const lasting = Object.keys(LASTING).map((name) => [name, lastingSwitch(name)]);
  const once = ONCE.map((kind) =>
    h("button", { type: "button", class: "button secondary", onclick: () => attempt(() => fault({ gateway: kind })) }, t(`fault.${kind}`)),
  );
  const active = h("ul", { class: "active-faults" });
  const sessions = h("p", { class: "dim", role: "status" });
  const clear = h("button", { type: "button", class: "button danger", onclick: () => attempt(liftFaults) }, t("fault.clear"));
  on("state", () => {
    for (const [name, element] of lasting) element.setAttribute("aria-checked", String(holds(name)));
    const rows = state.faults.map(describe);
    if (state.gateway_down) rows.push(h("li", {}, icon("alert"), t("fault.down")));
    if (state.frozen) rows.push(h("li", {}, icon("alert"), t("fault.frozen")));
    fill(active, rows.length ? rows : h("li", { class: "dim" }, t("fault.none")));
    sessions.textContent = t("status.sessions", { n: state.sessions });
    clear.disabled = !rows.length;
  });
  return h(
    "section",
    { class: "panel faults" },
    h("p", { class: "dim" }, t("fault.intro")),
    lasting.map(([, element]) => element),
    h("h3", {}, t("fault.once")),
    h("div", { class: "once" }, once),
    h("h3", {}, t("fault.active")),
    active,
    clear,
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
  if (name === "down") return state.gateway_down;
  return name === "frozen" ? state.frozen : Boolean(faultOf(name));
}

async function flip(name) {
  if (name === "frozen") await (state.frozen ? thaw() : freeze());
  else if (!holds(name)) await fault(LASTING[name]);
  else if (name === "down") await reopenGateway();
  else await liftFault(faultOf(name).id);
}

/** The gateway opens again only when all faults are lifted, so those that should stay are put back. */
async function reopenGateway() {
  const stay = ["503", "slow"].filter(holds);
  const { frozen } = state;
  await liftFaults();
  for (const one of stay) await fault(LASTING[one]);
  if (frozen) await freeze();
}

function describe(one) {
  const effect = [one.status, one.delay_s && `${one.delay_s} s`, one.reset && `reset ${one.reset}`, one.body, one.black_hole && "…"];
  const left = one.left === null ? t("fault.always") : t("fault.times", { n: one.left });
  const what = one.route ?? `gateway ${one.gateway} ${one.event ?? "*"}`;
  const lift = h("button", { type: "button", class: "as-link", onclick: () => attempt(() => liftFault(one.id)) }, t("fault.lift"));
  return h("li", {}, icon("alert"), h("code", {}, what), h("span", {}, effect.filter(Boolean).join(" ")), h("small", { class: "dim" }, left), lift);
}

// A fault put together by hand: its kind, what it hits, and how often.

import { fault } from "./api.js";
import { h } from "./dom.js";
import { KINDS, USUAL, specOf } from "./faultkinds.js";
import { t } from "./i18n.js";
import { attempt } from "./toast.js";

const METHODS = ["*", "GET", "POST", "PUT", "PATCH", "DELETE"];
const PATHS = ["/**", "/channels/*/messages", "/channels/*/messages/*", "/channels/*/messages/*/threads", "/interactions/*/*/callback", "/webhooks/**", "/users/@me/channels"];
const EVENTS = ["*", "MESSAGE_CREATE", "MESSAGE_REACTION_ADD", "INTERACTION_CREATE", "THREAD_*", "GUILD_MEMBER_*"];
const GROUPS = ["request", "event", "once"];

/** @returns {HTMLElement} */
export function faultForm() {
  const kind = h("select", { onchange: () => paint() }, GROUPS.map(groupOf));
  const method = h("select", {}, METHODS.map((one) => h("option", { value: one }, one)));
  const path = text(USUAL.path, "fault-paths");
  const event = text(USUAL.event, "fault-events");
  const status = number(USUAL.status, { min: 200, max: 599, required: true });
  const seconds = number(USUAL.seconds, { min: 0, step: "any", required: true });
  const code = number(USUAL.code, { min: 1000, max: 4999, required: true });
  const times = number(USUAL.times, { min: 1, placeholder: t("fault.endless") });
  const nth = number(1, { min: 1, required: true });
  const percent = number(100, { min: 0, max: 100, step: "any", required: true });
  const seed = number(0, { min: 0, required: true });
  const after = h("input", { type: "checkbox" });
  const params = {
    method: param("method", method),
    path: param("path", path),
    event: param("event", event),
    status: param("status", status),
    seconds: param("seconds", seconds),
    code: param("code", code),
    times: param("times", times),
  };
  const more = h(
    "details",
    {},
    h("summary", {}, t("fault.more")),
    h("div", { class: "params" }, param("nth", nth), param("percent", percent), param("seed", seed)),
    h("label", { class: "toggle" }, after, t("fault.after")),
  );
  const send = h("button", { type: "submit", class: "button secondary small" }, t("fault.add"));

  function paint() {
    const { group, asks = [] } = KINDS[kind.value];
    const shown = { request: ["method", "path", "times"], event: ["event", "times"], once: [] }[group];
    for (const [name, element] of Object.entries(params)) {
      element.hidden = ![...shown, ...asks].includes(name);
      element.querySelector("input, select").disabled = element.hidden; // a hidden field holds nothing up
    }
    more.hidden = group === "once";
    after.parentElement.hidden = group !== "request";
    send.textContent = t(group === "once" ? "fault.now" : "fault.add");
  }

  function given() {
    const numbers = { status, seconds, code, nth, percent, seed };
    const counted = Object.fromEntries(Object.entries(numbers).map(([name, one]) => [name, Number(one.value)]));
    const endless = times.value === "";
    return { ...counted, method: method.value, path: path.value, event: event.value, after: after.checked, times: endless ? null : Number(times.value) };
  }

  async function submit(submitted) {
    submitted.preventDefault();
    await attempt(() => fault(specOf(kind.value, given())));
  }
  paint();
  return h(
    "form",
    { class: "fault-form", onsubmit: submit },
    h("label", { class: "param wide" }, t("fault.kind"), kind),
    h("div", { class: "params" }, Object.values(params)),
    more,
    send,
    list("fault-paths", PATHS),
    list("fault-events", EVENTS),
  );
}

function groupOf(group) {
  const kinds = Object.keys(KINDS).filter((name) => KINDS[name].group === group);
  return h("optgroup", { label: t(`fault.group.${group}`) }, kinds.map((name) => h("option", { value: name }, t(`fault.kind.${name}`))));
}

const text = (value, suggestions) => h("input", { type: "text", value, list: suggestions, required: true, autocomplete: "off", spellcheck: "false" });
const number = (value, limits) => h("input", { type: "number", value: String(value), step: 1, ...limits });
const param = (name, control) => h("label", { class: `param ${name}` }, t(`fault.param.${name}`), control);
const list = (id, values) => h("datalist", { id }, values.map((value) => h("option", { value })));

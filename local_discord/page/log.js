// The live log: every REST exchange and gateway frame, newest first, filtered, opened by a click.

import { fill, h } from "./dom.js";
import { t } from "./i18n.js";
import { on } from "./store.js";
import { preciseTime } from "./times.js";

const MOST = 400;
const KINDS = ["rest", "gateway", "fault"];
const OPS = { 0: "dispatch", 1: "heartbeat", 2: "identify", 3: "presence", 6: "resume", 7: "reconnect", 8: "request members", 9: "invalid session", 10: "hello", 11: "heartbeat ack" };

/** @returns {HTMLElement} */
export function logPanel() {
  /** @type {any[]} newest last */
  let entries = [];
  let last = -1;
  const shown = new Set(KINDS);
  let heartbeats = false;
  const rows = h("ol", { class: "log" });
  const count = h("span", { class: "dim", role: "status" });
  const filter = h("input", { type: "search", placeholder: t("drawer.filter"), "aria-label": t("drawer.filter"), oninput: () => repaint() });
  const clear = h("button", { type: "button", class: "button secondary small", onclick: () => forget() }, t("drawer.clear"));
  const toggles = [...KINDS.map((kind) => toggle(kind.toUpperCase(), true, (is) => (is ? shown.add(kind) : shown.delete(kind))))];
  toggles.push(toggle(t("drawer.heartbeats"), false, (is) => (heartbeats = is)));
  let run = "";
  on("log", ({ run: now, entries: more }) => {
    if (now !== run) last = -1; // another process, which counts anew
    run = now;
    const fresh = more.filter((one) => one.seq > last); // after a reconnect the server begins again
    last = fresh.at(-1)?.seq ?? last;
    entries = [...entries, ...fresh].slice(-MOST);
    for (const entry of fresh) if (passes(entry)) rows.prepend(row(entry));
    while (rows.childElementCount > MOST) rows.lastElementChild.remove();
    recount();
  });

  function passes(entry) {
    const isBeat = entry.kind === "gateway" && [1, 11].includes(entry.frame?.op);
    if (!shown.has(entry.kind) || (isBeat && !heartbeats)) return false;
    const words = filter.value.trim().toLowerCase();
    return !words || JSON.stringify(entry).toLowerCase().includes(words);
  }

  function repaint() {
    fill(rows, entries.filter(passes).reverse().map(row));
    recount();
  }

  function recount() {
    count.textContent = rows.childElementCount ? t("drawer.count", { n: rows.childElementCount }) : t("drawer.empty");
  }

  function forget() {
    entries = [];
    repaint();
  }

  function toggle(label, checked, onswitch) {
    const box = h("input", { type: "checkbox", checked, onchange: () => {
      onswitch(box.checked);
      repaint();
    } });
    return h("label", { class: "toggle" }, box, label);
  }
  recount();
  return h("section", { class: "panel" }, h("div", { class: "log-head" }, filter, h("div", { class: "toggles" }, toggles), h("div", { class: "log-foot" }, count, clear)), rows);
}

/** One line that opens to the whole exchange; the JSON is only written when it is opened. */
function row(entry) {
  const { tone, what, status } = summary(entry);
  const details = h("details", { class: `entry ${tone}` }, h(
    "summary",
    {},
    h("time", {}, preciseTime(entry.at)),
    what.map(([kind, text]) => h("span", { class: kind }, text)),
    status ? h("span", { class: "status-code" }, status) : null,
  ));
  details.addEventListener("toggle", () => {
    if (details.open && details.childElementCount === 1) details.append(h("pre", { tabindex: "0" }, JSON.stringify(detail(entry), null, 2)));
  });
  return h("li", {}, details);
}

/** Ids and tokens fill a line and tell nothing at a glance; the whole path stands in the details. */
const shortened = (path) => path.replace(/\d{11,}(\d{4})(?=\/|$)/g, "…$1").replace(/\/[^/]{40,}/g, "/…");

function summary(entry) {
  if (entry.kind === "rest") {
    const failed = !entry.status || entry.status >= 400;
    const took = Math.max(0, Math.round((entry.monotonic_s - entry.started_s) * 1000));
    const status = `${entry.status ?? "—"} · ${took} ms`;
    return { tone: failed ? "bad" : "rest", what: [["verb", entry.method], ["path", shortened(entry.path)]], status };
  }
  if (entry.kind === "gateway") {
    const { op, t: name, s } = entry.frame ?? {};
    const arrow = entry.direction === "out" ? "→ bot" : "← bot";
    return { tone: "gateway", what: [["verb", arrow], ["path", name ?? OPS[op] ?? `op ${op}`]], status: s ? `#${s}` : "" };
  }
  return { tone: "bad", what: [["verb", "FAULT"], ["path", entry.gateway ? `gateway ${entry.gateway}` : (entry.route ?? entry.fault ?? "")]], status: "" };
}

function detail(entry) {
  if (entry.kind === "gateway") return entry.frame;
  const { seq, kind, monotonic_s, started_s, wall, at, ...rest } = entry;
  return rest;
}

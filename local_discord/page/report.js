// Above the message box: what a control is doing, and afterwards what was written meanwhile, each a way there.

import { iconOf, said } from "./controls.js";
import { stopPress } from "./api.js";
import { h, refill } from "./dom.js";
import { icon } from "./icons.js";
import { t } from "./i18n.js";
import { preview } from "./markdown.js";
import { go, hasTwoColumns } from "./nav.js";
import { DM, channelById, channelLabel, memberById, on, signOf, state } from "./store.js";
import { dayAndMonth, dayOf, shortTime } from "./times.js";
import { attempt } from "./toast.js";

const MINUTE_MS = 60_000;
const ACTS = "a, button, [role=option], [role=menuitem]";

/**
 * The note; it is empty until something is pressed, on this page or another.
 * @param {(id: string) => void} actAs switches to another member, whose DM is to be read
 * @returns {HTMLElement}
 */
export function reportNote(actAs) {
  const note = h("section", { class: "report", role: "status", "aria-label": t("report.label"), hidden: true });
  let mine = "";
  let shown = "";
  let known = null;
  const show = (sign, ...children) => {
    shown = sign;
    note.hidden = !children.length;
    refill(note, children);
  };
  const close = () => show(shown);
  on("pressed", (id) => {
    mine = id;
    paint();
  });
  on("state", paint);

  function paint() {
    const { running, report } = state;
    known ??= report?.id ?? ""; // of before this page was opened
    const isLed = Boolean(report?.show) && report.id === mine;
    if (report && report.id === mine) follow(report);
    // With `is_all` an answer that only one person sees is all that came, and they are taken there.
    const sign = running ? JSON.stringify(running) : (report?.id ?? "");
    if (sign === shown) return;
    if (running) show(sign, progress(running));
    else if (report && report.id !== known) show(sign, ...(report.is_all ? [] : told(report, { close, actAs, isLed })));
  }

  function follow(report) {
    mine = "";
    if (report.show) go(report.show.channel, report.show.message, { top: true });
  }
  return note;
}

function progress(running) {
  const { id, says, progress: done, may_stop: mayStop, is_stopping: isStopping } = running;
  const stop = { type: "button", class: "button small secondary", data: { focus: `stop-${id}` }, "aria-disabled": String(isStopping), onclick: () => attempt(() => stopPress(id)) };
  return h(
    "div",
    { class: "head" },
    icon(iconOf(running.control)),
    h("span", {}, says ? said(says) : t("report.running")),
    done === null ? null : h("progress", { max: "1", value: String(done), "aria-label": t("report.progress") }),
    mayStop ? h("button", stop, t(isStopping ? "report.stopping" : "report.stop")) : null,
  );
}

/**
 * A line that folds the rest, and the rest. On a phone it folds by itself when the person goes on, by it or without it;
 * with no place left where they have not been, it goes: it would say nothing more.
 * @param {any} report
 * @param {{close: () => void, actAs: (id: string) => void, isLed: boolean}} options
 *   isLed: the person was taken to what they asked for, which on a phone needs the room
 */
function told(report, { close, actAs, isLed }) {
  const left = new Set(report.changes);
  const list = body(report, (one) => {
    visit(one, actAs);
    left.delete(one);
  });
  const fold = h(
    "button",
    { type: "button", class: "fold", onclick: () => open(list.hidden) },
    icon(iconOf(report.control)),
    h("strong", {}, span(report)),
    report.changes.length ? h("small", { class: "dim" }, t("report.places", { n: report.changes.length })) : null,
    icon("down"),
  );
  const open = (isOpen) => {
    list.hidden = !isOpen;
    fold.setAttribute("aria-expanded", String(isOpen));
  };
  open(!isLed || !left.size || hasTwoColumns());
  const goOn = ({ target, type }) => {
    if (!list.isConnected) for (const one of ["click", "input"]) document.removeEventListener(one, goOn);
    else if (!hasTwoColumns() && (type === "input" || (target.closest(ACTS) && !fold.parentElement.contains(target)))) left.size ? open(false) : close();
  };
  for (const one of ["click", "input"]) document.addEventListener(one, goOn);
  const dismiss = h("button", { type: "button", class: "icon-button", "aria-label": t("report.close"), onclick: close }, icon("close"));
  return [h("div", { class: "head" }, fold, dismiss), list];
}

/** "14:05 → 14:20", "23:50 → 11/30 00:05". */
function span({ began_ms, ended_ms, says }) {
  const [from, to] = [began_ms, ended_ms].map((ms) => new Date(ms).toISOString());
  if (ended_ms - began_ms < MINUTE_MS) return says ? said(says) : shortTime(to);
  const day = dayOf(new Date(from)) === dayOf(new Date(to)) ? "" : `${dayAndMonth(new Date(to))} `;
  return `${shortTime(from)} → ${day}${shortTime(to)}`;
}

/** @param {any} report @param {(change: any) => void} onvisit */
function body(report, onvisit) {
  const { changes, refused } = report;
  return h(
    "div",
    {},
    refused ? h("p", { class: "trouble" }, said(refused)) : null,
    !refused && !changes.length ? h("p", { class: "dim" }, t("report.nothing")) : null,
    changes.length ? h("ul", {}, changes.map((one) => h("li", {}, change(one, () => onvisit(one))))) : null,
  );
}

function visit(one, actAs) {
  if (one.person && one.person !== state.me) actAs(one.person);
  go(one.person ? DM : one.channel, one.message);
}

/** One place: where, what stands there now, how much more. */
function change(one, onclick) {
  const rest = [one.new > 1 && t("report.more", { n: one.new - 1 }), one.edited && t("report.edited", { n: one.edited })].filter(Boolean);
  const channel = channelById(one.channel);
  const where = one.person ? t("report.dm", { name: memberById(one.person)?.name ?? "" }) : channel ? channelLabel(channel) : one.name;
  return h(
    "button",
    { type: "button", onclick },
    h("span", { class: "where" }, icon(one.person ? "at" : channel ? signOf(channel) : "hash"), h("span", { class: "ellipsis" }, where.replace(/^#/, ""))),
    h("span", { class: "what" }, preview(one.text)),
    rest.length ? h("small", { class: "dim" }, rest.join(" · ")) : null,
  );
}

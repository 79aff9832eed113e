// Starts the page: who looks at it, its parts, its keys.

import { Refused, humanState } from "./api.js";
import { drawer } from "./drawer.js";
import { h } from "./dom.js";
import { icon } from "./icons.js";
import { t } from "./i18n.js";
import { connect, viewAs } from "./live.js";
import { members } from "./members.js";
import { refreshMentions } from "./mentions.js";
import { beside, go, hasTwoColumns, listen, start } from "./nav.js";
import { Pane } from "./pane.js";
import { closePopup } from "./popup.js";
import { reportNote } from "./report.js";
import { inOrder, sidebar } from "./sidebar.js";
import { DM, channelById, channelLabel, forgetMessages, isDm, isThread, on, place, signOf, state } from "./store.js";
import { openSwitcher } from "./switcher.js";
import { applySettings } from "./theme.js";
import { tick } from "./times.js";
import { offerTour } from "./tour.js";
import { typeAnywhere } from "./typeahead.js";

const ME = "page.me";
const FIRST = "1100000000000000103"; // who a newcomer is: responder, who may do everything but administrate
const TICK_MS = 1000;
const byId = (id) => /** @type {HTMLElement} */ (document.getElementById(id));

applySettings();
const toggleDrawer = drawer(byId("drawer"));
const main = new Pane(byId("main"), mainHeader);
const side = new Pane(byId("side"), sideHeader);
main.composer.element.before(reportNote(actAs));
sidebar(byId("sidebar"), actAs);
const toggleMembers = members(byId("members"), main, actAs);
byId("skip").textContent = t("page.skip");
byId("sidebar").setAttribute("aria-label", t("nav.label"));
byId("skip").addEventListener("click", (event) => {
  event.preventDefault();
  main.composer.focus();
});
on("link", (isUp) => banner(isUp));
on("state", firstState);
on("state", refreshMentions);
on("place", ({ message, write, top }) => {
  openNav(false);
  main.show(place.main, message, top);
  side.show(place.side);
  if (write) main.composer.focus();
});
listen();
offerTour();
typeAnywhere(() => main.composer);
setInterval(tick, TICK_MS);
boot();

async function boot() {
  try {
    const { members: all } = await humanState();
    const people = all.filter((one) => !one.bot);
    const known = people.find((one) => one.id === sessionStorage.getItem(ME)) ?? people.find((one) => one.id === FIRST);
    viewAs((known ?? people[0]).id);
    connect();
  } catch (error) {
    if (!(error instanceof Refused)) throw error;
    banner(false);
    setTimeout(boot, TICK_MS);
  }
}

let started = false;

function firstState() {
  if (started) return;
  started = true;
  start();
  if (hasTwoColumns()) main.composer.focus();
}

/** Become another member: other channels, other private messages, other rights. @param {string} id */
function actAs(id) {
  sessionStorage.setItem(ME, id);
  closePopup();
  forgetMessages();
  viewAs(id);
  main.restart();
  side.restart();
}

function banner(isUp) {
  const element = byId("banner");
  element.hidden = isUp;
  element.textContent = isUp ? "" : t("status.lost");
}

function mainHeader(pane) {
  const { channel } = pane;
  const parent = channel && isThread(channel) ? channelById(channel.parent_id ?? "") : null;
  const sign = channel ? signOf(channel) : "at";
  const faults = state.faults.length + Number(state.gateway_down) + Number(state.resume_down) + Number(state.frozen);
  const name = channel && !isDm(channel) ? channel.name : channel || pane.id === DM ? state.application.name : "";
  return /** @type {any} */ ([
    button("nav-toggle", "menu", t("nav.open"), () => openNav(true), { "aria-expanded": String(document.body.classList.contains("nav-open")) }),
    parent ? [h("a", { class: "crumb", href: `#${parent.id}` }, channelLabel(parent)), icon("right", "dim")] : null,
    icon(sign, "dim"),
    h("h2", { class: "ellipsis" }, name),
    channel?.topic ? h("span", { class: "topic ellipsis" }, channel.topic) : h("span", { class: "topic" }),
    state.sessions ? null : badge("offline", "bot", `${state.application.name}: ${t("members.offline")}`),
    faults ? badge("faulty", "alert", t("status.faulty", { n: faults }), faults) : null,
    button("members-toggle", "people", t("members.toggle"), toggleMembers, { "aria-pressed": String(!byId("members").hidden) }),
    button("drawer-toggle", "terminal", t("drawer.toggle"), toggleDrawer, { "aria-pressed": String(place.log) }),
  ]);
}

function sideHeader(pane) {
  return /** @type {any} */ ([
    icon("thread", "dim"),
    h("h2", { class: "ellipsis" }, pane.channel?.name ?? ""),
    h("span", { class: "topic" }),
    button("side-full", "link", t("pane.full"), () => go(pane.id)),
    button("side-close", "close", t("pane.close"), () => {
      beside("");
      main.composer.focus();
    }),
  ]);
}

/** Something that holds right now; where there is no room for words, its icon and number say it. */
function badge(kind, picture, text, short = "") {
  return h("span", { class: kind, role: "status", title: text }, icon(picture), h("span", { class: "wide" }, text), short && h("span", { class: "narrow", "aria-hidden": "true" }, short));
}

function button(id, name, label, onclick, more = {}) {
  return h("button", { type: "button", class: "icon-button", id, "aria-label": label, title: label, data: { focus: id }, onclick, ...more }, icon(name));
}

/** Open or close the list of channels, which slides in on a phone. @param {boolean} isOpen */
function openNav(isOpen) {
  document.body.classList.toggle("nav-open", isOpen);
  document.getElementById("nav-toggle")?.setAttribute("aria-expanded", String(isOpen));
  if (isOpen) byId("sidebar").querySelector("a[aria-current]")?.focus();
}

byId("scrim").addEventListener("click", () => openNav(false));
document.addEventListener("keydown", (event) => {
  if (event.key === "Escape" && document.body.classList.contains("nav-open")) openNav(false);
  if (event.key.toLowerCase() === "k" && (event.ctrlKey || event.metaKey)) {
    event.preventDefault();
    openSwitcher();
  }
  if (event.altKey && ["ArrowUp", "ArrowDown"].includes(event.key)) {
    event.preventDefault();
    step(event.key === "ArrowDown" ? 1 : -1, event.shiftKey);
  }
});

/** Alt+arrows: the next channel, with Shift the next unread one. */
function step(by, onlyUnread) {
  const all = [...inOrder().map((one) => ({ id: one.id, unread: one.unread })), { id: DM, unread: Boolean(channelById(DM)?.unread) }];
  let at = all.findIndex((one) => one.id === place.main);
  for (let tries = 0; tries < all.length; tries += 1) {
    at = (at + by + all.length) % all.length;
    if (!onlyUnread || all[at].unread) break;
  }
  go(all[at].id, "", { write: true });
}


// The list of channels, threads and DMs, with what is unread; below it who one is, the theme and the language.

import { fill, h, refill } from "./dom.js";
import { icon } from "./icons.js";
import { t } from "./i18n.js";
import { openMenu } from "./menu.js";
import { go } from "./nav.js";
import { voiceRow } from "./voice.js";
import { avatar } from "./people.js";
import { DM, VOICE, channelById, isDm, isThread, memberById, on, place, signOf, state } from "./store.js";
import { openSwitcher } from "./switcher.js";
import { langButton, themeButton } from "./theme.js";
import { startTour } from "./tour.js";

/**
 * Build the sidebar inside *root*.
 * @param {HTMLElement} root
 * @param {(id: string) => void} actAs switches to another member
 */
export function sidebar(root, actAs) {
  let painted = "";
  const head = h("header", { class: "side-head" });
  const list = h("div", { class: "channel-list" });
  const foot = h("footer", { class: "you" });
  fill(root, head, list, foot);
  const paint = () => {
    const sign = JSON.stringify([state.channels, state.me, state.members, state.guild, state.roles, state.tour.length, place.main]);
    if (!state.ready || sign === painted) return;
    painted = sign;
    refill(head, heading());
    const open = [...list.querySelectorAll("details[open]")].map((one) => one.dataset.group);
    refill(list, entries(open));
    refill(foot, panel(actAs));
  };
  for (const event of ["state", "tour", "place"]) on(event, paint);
}

const CATEGORY = 4;
const byPosition = (a, b) => Number(a.type === VOICE) - Number(b.type === VOICE) || (a.position ?? 0) - (b.position ?? 0) || (BigInt(a.id) < BigInt(b.id) ? -1 : 1);

/** The server's channels by category, those without one first: [category's name, channels]. */
function byCategory() {
  const places = state.channels.filter((one) => !isDm(one) && !isThread(one) && one.type !== CATEGORY).sort(byPosition);
  const categories = state.channels.filter((one) => one.type === CATEGORY).sort(byPosition);
  const seen = new Set(categories.map((one) => one.id));
  const loose = places.filter((one) => !seen.has(one.parent_id));
  const groups = [
    [t("nav.text"), loose.filter((one) => one.type !== VOICE)],
    [t("nav.voice"), loose.filter((one) => one.type === VOICE)],
  ];
  for (const one of categories) groups.push([one.name, places.filter((place) => place.parent_id === one.id)]);
  return groups.filter(([, list]) => list.length);
}

/** Channels in the order in which they stand, each with its threads. */
export function inOrder() {
  return byCategory().flatMap(([, list]) => list.flatMap(withThreads));
}

const withThreads = (channel) => [channel, ...threadsOf(channel.id).filter((one) => !one.archived)];

/** The threads of a channel, newest first. @param {string} id */
export const threadsOf = (id) =>
  state.channels.filter((one) => isThread(one) && one.parent_id === id).sort((a, b) => (BigInt(a.id) < BigInt(b.id) ? 1 : -1));

function heading() {
  const find = h("button", { type: "button", class: "find", data: { focus: "find" }, onclick: openSwitcher }, icon("search"), t("nav.find"), h("kbd", {}, "Ctrl K"));
  const again = { type: "button", class: "icon-button", "aria-label": t("tour.again"), title: t("tour.again"), data: { focus: "tour" }, onclick: startTour };
  const help = state.tour.length ? h("button", again, icon("help")) : null;
  return [h("div", { class: "server" }, h("h1", { class: "ellipsis" }, state.guild.name), help), find];
}

/** @param {string[]} open the groups whose archived threads are unfolded */
function entries(open) {
  return [
    byCategory().map(([name, channels]) => [
      h("h2", {}, name),
      h("ul", {}, channels.flatMap(withThreads).map(row)),
      archivedIn(name, channels, open.includes(name)),
    ]),
    h("h2", {}, t("nav.dms")),
    h("ul", {}, dmRow()),
  ];
}

function row(channel) {
  if (channel.type === VOICE) return voiceRow(channel);
  const classes = [isThread(channel) && "thread", channel.unread && "unread", channel.archived && "archived"];
  return link(channel.id, channel, classes, icon(signOf(channel)), channel.name);
}

/** The archived threads of a group's channels, folded. */
function archivedIn(name, channels, isOpen) {
  const archived = channels.flatMap((one) => threadsOf(one.id)).filter((one) => one.archived);
  if (!archived.length) return null;
  const summary = h("summary", {}, t("nav.archived", { n: archived.length }));
  return h("details", { open: isOpen, data: { group: name } }, summary, h("ul", {}, archived.map(row)));
}

function dmRow() {
  const channel = channelById(DM);
  const { id, name } = state.application;
  return link(DM, channel, ["dm", channel?.unread && "unread"], avatar(id, name, { bot: true, small: true }), name);
}

function link(id, channel, classes, picture, name) {
  const current = place.main === id;
  const waits = channel?.mentions ? h("span", { class: "count", "aria-label": t("nav.mentions", { n: channel.mentions }) }, channel.mentions) : null;
  const unread = channel?.unread ? h("span", { class: "visually-hidden" }, ` (${t("nav.unread")})`) : null;
  const visit = (event) => {
    if (event.ctrlKey || event.metaKey || event.shiftKey) return; // another tab or window
    event.preventDefault();
    go(id, "", { write: true });
  };
  const props = { href: `#${id}`, onclick: visit, title: name, "aria-current": current ? "page" : null, data: { focus: `go-${id}` } };
  return h("li", {}, h("a", { ...props, class: classes.filter(Boolean).join(" ") }, picture, h("span", { class: "ellipsis" }, name), unread, waits));
}

/** Who the viewer is, and the switches of language and theme. */
function panel(actAs) {
  const me = memberById(state.me);
  const name = me?.name ?? "";
  const choose = (event) => {
    const people = state.members.filter((one) => !one.bot);
    const rows = people.map((one) => ({
      label: one.name,
      detail: rolesOf(one),
      icon: avatar(one.id, one.name, { small: true }),
      checked: one.id === state.me,
      run: () => actAs(one.id),
    }));
    openMenu(event.currentTarget, [{ heading: t("you.label") }, ...rows], { label: t("you.label") });
  };
  const label = t("you.switch", { name });
  return [
    h(
      "button",
      { type: "button", class: "who", "aria-haspopup": "menu", "aria-label": label, title: label, data: { focus: "who" }, onclick: choose },
      avatar(state.me, name),
      h("span", { class: "names" }, h("strong", { class: "ellipsis" }, name), h("small", { class: "ellipsis" }, me ? rolesOf(me) : "")),
      icon("swap"),
    ),
    langButton(),
    themeButton(),
  ];
}

/** "on-call, responder" @param {import("./store.js").Member} member */
export function rolesOf(member) {
  const names = state.roles.filter((one) => member.roles.includes(one.id)).map((one) => one.name);
  return names.join(", ") || t("members.none");
}


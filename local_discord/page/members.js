// The members, by their highest role, apps apart; a click opens what can be done with one. Where there is no room
// beside the channel the list lies over it, until its cross, Escape, a tap beside it or a change of channel.

import { userMenu } from "./actions.js";
import { attempt } from "./toast.js";
import { changeMember } from "./api.js";
import { fill, h, refill } from "./dom.js";
import { icon } from "./icons.js";
import { t } from "./i18n.js";
import { hasTwoColumns } from "./nav.js";
import { appBadge, avatar } from "./people.js";
import { nameColour, on, state } from "./store.js";

/**
 * Build the list inside *root*.
 * @param {HTMLElement} root
 * @param {import("./pane.js").Pane} pane whose channel the apps' commands are run in
 * @param {(id: string) => void} actAs
 * @returns {() => void} opens and closes it
 */
export function members(root, pane, actAs) {
  let painted = "";
  const list = h("div", { class: "member-list" });
  const close = h("button", { type: "button", class: "icon-button", "aria-label": t("members.close"), onclick: () => show(false) }, icon("close"));
  const isOver = () => !root.hidden && !hasTwoColumns();
  root.setAttribute("aria-label", t("members.toggle"));
  fill(root, h("header", { class: "members-head" }, h("span", { class: "ellipsis" }, t("members.toggle")), close), list);
  on("place", () => isOver() && show(false));
  document.getElementById("scrim")?.addEventListener("click", () => isOver() && show(false));
  document.addEventListener("keydown", (event) => {
    const isTaken = event.defaultPrevented || document.querySelector("dialog[open]");
    if (event.key === "Escape" && !isTaken && isOver()) show(false);
  });
  on("state", () => {
    const sign = JSON.stringify([state.members, state.roles, state.sessions > 0, state.me]);
    if (sign === painted) return;
    painted = sign;
    refill(list, groups().map(([name, found]) => [h("h2", {}, `${name} — ${found.length}`), h("ul", {}, found.map(row))]));
  });

  function show(isShown) {
    root.hidden = !isShown;
    pane.paint();
    if (isOver()) close.focus();
    else if (!isShown) document.getElementById("members-toggle")?.focus();
  }

  function row(member) {
    const open = (event) => userMenu(event.currentTarget, member.id, pane, member.bot ? [] : switches(member, actAs));
    const status = member.bot ? (state.sessions ? "online" : "offline") : "online";
    const colour = nameColour(member.id);
    const said = [member.bot && t(`members.${status}`), !member.dms && t("members.dms_off")].filter(Boolean).join(" · ");
    return h(
      "li",
      {},
      h(
        "button",
        { type: "button", class: `member ${status}`, "aria-haspopup": "menu", data: { focus: `member-${member.id}` }, onclick: open },
        h("span", { class: "with-status" }, avatar(member.id, member.name, { bot: member.bot }), h("i", { class: "status" })),
        h(
          "span",
          { class: "names" },
          h("span", { class: "named" }, h("span", { class: "ellipsis", vars: colour ? { "--name": colour } : {} }, member.name), member.bot ? appBadge() : null),
          said && h("small", { class: "ellipsis" }, said),
        ),
      ),
    );
  }
  return () => show(root.hidden);
}

function switches(member, actAs) {
  const dms = () => attempt(() => changeMember(member.id, { dms: !member.dms }));
  return [
    member.id !== state.me && { label: t("you.as", { name: member.name }), icon: icon("swap"), run: () => actAs(member.id) },
    { label: t(member.dms ? "members.dms_refuse" : "members.dms_accept"), icon: icon(member.dms ? "lock" : "at"), run: dms },
  ];
}

/** [group, members] by the highest role, then those without, then apps. */
function groups() {
  const found = new Map();
  const ranked = [...state.roles].sort((a, b) => b.position - a.position);
  for (const member of state.members) {
    const role = ranked.find((one) => member.roles.includes(one.id) && one.id !== state.guild.id);
    const name = member.bot ? t("members.bots") : (role?.name ?? t("members.none"));
    found.set(name, [...(found.get(name) ?? []), member]);
  }
  const last = [t("members.none"), t("members.bots")];
  return [...found.entries()].sort(([a], [b]) => last.indexOf(a) - last.indexOf(b));
}

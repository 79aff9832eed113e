// The drawer at the right: what goes between the bot and Discord, and the switches that break it.

import { fill, h } from "./dom.js";
import { faultPanel } from "./faults.js";
import { icon } from "./icons.js";
import { t } from "./i18n.js";
import { look } from "./live.js";
import { logPanel } from "./log.js";
import { emit, place } from "./store.js";

/**
 * Build the drawer inside *root*; it begins closed.
 * @param {HTMLElement} root
 * @returns {() => void} opens and closes it
 */
export function drawer(root) {
  const panels = { log: logPanel(), faults: faultPanel() };
  const tabs = Object.keys(panels).map((name) =>
    h("button", { type: "button", role: "tab", id: `tab-${name}`, "aria-controls": `panel-${name}`, onclick: () => choose(name) }, t(`drawer.${name}`)),
  );
  const bar = h("div", { role: "tablist", class: "tabs", "aria-label": t("drawer.toggle"), onkeydown: arrows }, tabs);
  const close = h("button", { type: "button", class: "icon-button", "aria-label": t("drawer.close"), onclick: () => toggle() }, icon("close"));
  for (const [name, panel] of Object.entries(panels)) {
    for (const [key, value] of [["role", "tabpanel"], ["id", `panel-${name}`], ["aria-labelledby", `tab-${name}`]]) {
      panel.setAttribute(key, value);
    }
  }
  fill(root, h("header", {}, bar, close), Object.values(panels));
  choose("log");

  function choose(name) {
    tabs.forEach((tab) => {
      const mine = tab.id === `tab-${name}`;
      tab.setAttribute("aria-selected", String(mine));
      tab.tabIndex = mine ? 0 : -1;
    });
    for (const [key, panel] of Object.entries(panels)) panel.hidden = key !== name;
  }

  function arrows(event) {
    if (!["ArrowLeft", "ArrowRight"].includes(event.key)) return;
    const other = tabs.find((tab) => tab.getAttribute("aria-selected") === "false");
    other.click();
    other.focus();
  }

  function toggle() {
    root.hidden = !root.hidden;
    place.log = !root.hidden;
    document.body.classList.toggle("with-drawer", place.log);
    emit("place", { message: "" });
    look();
    if (place.log) tabs[0].focus();
    else document.getElementById("drawer-toggle")?.focus();
  }
  root.addEventListener("keydown", (event) => event.key === "Escape" && toggle());
  return toggle;
}

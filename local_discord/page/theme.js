// Dark or light, Japanese or English: the browser's choice until the person switches.

import { h } from "./dom.js";
import { icon } from "./icons.js";
import { lang, setLang, t } from "./i18n.js";

const KEY = "page.theme";
const prefersDark = matchMedia("(prefers-color-scheme: dark)");

const theme = () => localStorage.getItem(KEY) ?? (prefersDark.matches ? "dark" : "light");

/** Put theme and language on the page. */
export function applySettings() {
  const root = document.documentElement;
  root.dataset.theme = theme();
  root.lang = lang();
  document.title = t("page.title");
}

prefersDark.addEventListener("change", applySettings);

export function themeButton() {
  const label = t("theme.toggle");
  const onclick = (event) => {
    localStorage.setItem(KEY, theme() === "dark" ? "light" : "dark");
    applySettings();
    event.currentTarget.replaceChildren(icon(theme() === "dark" ? "sun" : "moon"));
  };
  const props = { type: "button", class: "icon-button", "aria-label": label, title: label, data: { focus: "theme" }, onclick };
  return h("button", props, icon(theme() === "dark" ? "sun" : "moon"));
}

export function langButton() {
  const label = t("lang.toggle");
  const onclick = () => {
    setLang(lang() === "ja" ? "en" : "ja");
    location.reload(); // every word on the page changes, and the bot is told by the next interaction
  };
  const props = { type: "button", class: "icon-button", "aria-label": label, title: label, data: { focus: "lang" }, onclick };
  return h("button", props, icon("globe"));
}

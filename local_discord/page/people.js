// How people look: avatars made of a letter and a colour, and the badge of apps.

import { h } from "./dom.js";
import { icon } from "./icons.js";
import { t } from "./i18n.js";

const COLOURS = 8;

/**
 * A round avatar; the same id has the same colour everywhere.
 * @param {string} id
 * @param {string} name
 * @param {{small?: boolean, bot?: boolean}} [options]
 */
export function avatar(id, name, { small = false, bot = false } = {}) {
  const tone = [...id].reduce((sum, digit) => (sum * 31 + digit.charCodeAt(0)) % 9973, 7) % COLOURS;
  const classes = `avatar tone-${bot ? "app" : tone} ${small ? "small" : ""}`;
  return h("span", { class: classes, "aria-hidden": "true" }, bot ? icon("bot") : [...name][0]?.toUpperCase());
}

/** A member in a list to choose from: as Discord shows them, with the username where that differs. @param {import("./store.js").Member} member */
export const personItem = ({ id, name, username, bot }) => ({
  label: name,
  detail: username === name ? "" : username,
  icon: avatar(id, name, { small: true, bot }),
});

/** True when an item of a list says *words*, which are in lower case. @param {{label: string, detail?: string}} item @param {string} words */
export const says = ({ label, detail = "" }, words) => `${label} ${detail}`.toLowerCase().includes(words);

/** The badge that marks what an app wrote. */
export const appBadge = () => h("span", { class: "badge" }, t("badge.app"));

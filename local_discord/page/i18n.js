// The page's language: the browser's, until the person switches it or opens an address with `?lang=en` or `ja`.

import { asked } from "./address.js";
import { TEXTS } from "./texts.js";

const KEY = "page.lang";
const wanted = asked("lang");
const browsers = navigator.language.toLowerCase().startsWith("ja") ? "ja" : "en";

if (wanted === "ja" || wanted === "en") setLang(wanted);

/** @returns {"ja" | "en"} */
export function lang() {
  return localStorage.getItem(KEY) === "ja" || localStorage.getItem(KEY) === "en" ? localStorage.getItem(KEY) : browsers;
}

/** @param {"ja" | "en"} value */
export function setLang(value) {
  localStorage.setItem(KEY, value);
}

/** The locale that interactions carry, as Discord's clients send it. */
export function discordLocale() {
  return lang() === "ja" ? "ja" : "en-US";
}

/**
 * The text of *key* with its fields filled in.
 * @param {string} key
 * @param {Record<string, unknown>} [fields]
 */
export function t(key, fields = {}) {
  const text = TEXTS[key][lang() === "ja" ? 0 : 1];
  return text.replace(/\{(\w+)\}/g, (_, name) => String(fields[name]));
}

/**
 * A name or description of a command in the page's language.
 * @param {Record<string, any>} node with `<key>` and perhaps `<key>_localizations`
 * @param {"name" | "description"} key
 */
export function localized(node, key) {
  return node[`${key}_localizations`]?.[discordLocale()] ?? node[key] ?? "";
}

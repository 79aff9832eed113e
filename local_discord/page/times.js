// Times as Discord shows them: message times, and <t:...> with the relative ones counting live.
// The local Discord's clock may have been moved, so "now" is its, not the browser's.

import { h } from "./dom.js";
import { lang, t } from "./i18n.js";

let aheadMs = 0;

/**
 * Set the difference between the local Discord's clock and this browser's.
 * @param {number} serverNowMs
 */
export function setNow(serverNowMs) {
  aheadMs = serverNowMs - Date.now();
}

/** Now in the local Discord. @returns {Date} */
export function now() {
  return new Date(Date.now() + aheadMs);
}

const STYLES = {
  t: { timeStyle: "short" },
  T: { timeStyle: "medium" },
  d: { year: "numeric", month: "2-digit", day: "2-digit" },
  D: { dateStyle: "long" },
  f: { dateStyle: "long", timeStyle: "short" },
  F: { dateStyle: "full", timeStyle: "short" },
};
// Discord does not write down how its client rounds. What is seen there is what the library moment does: each unit
// is rounded by itself, and the smallest is shown that does not fill the next: 14 min 40 s are "in 15 minutes",
// 3 h 59 min "in 4 hours".
const UNITS = [
  ["second", 1, 60],
  ["minute", 60, 60],
  ["hour", 3600, 24],
  ["day", 86400, 30],
  ["month", 30 * 86400, 12],
  ["year", 365 * 86400, Infinity],
];
/** @type {Map<string, Intl.DateTimeFormat>} making one takes long */
const formats = new Map();

function format(date, options) {
  const key = lang() + JSON.stringify(options);
  if (!formats.has(key)) formats.set(key, new Intl.DateTimeFormat(lang() === "ja" ? "ja-JP" : "en-US", { hourCycle: "h23", ...options }));
  return formats.get(key).format(date);
}

/**
 * "in 5 minutes", "2 hours ago".
 * @param {Date} date
 */
export function relative(date) {
  const seconds = Math.round((date.getTime() - now().getTime()) / 1000);
  const [count, unit] = rounded(seconds);
  return new Intl.RelativeTimeFormat(lang(), { numeric: "always" }).format(count, unit);
}

/**
 * Seconds as a number of one unit.
 * @param {number} seconds
 * @returns {[number, Intl.RelativeTimeFormatUnit]}
 */
export function rounded(seconds) {
  const whole = (size) => Math.sign(seconds) * Math.round(Math.abs(seconds) / size);
  const [unit, size] = UNITS.find(([, size, most]) => Math.abs(whole(size)) < most);
  return [whole(size), unit];
}

/**
 * `<t:seconds:style>` as an element.
 * @param {number} seconds Unix time
 * @param {string} style one of t T d D f F R
 */
export function timestamp(seconds, style) {
  const date = new Date(seconds * 1000);
  if (Number.isNaN(date.getTime())) return null;
  const text = style === "R" ? relative(date) : format(date, STYLES[style] ?? STYLES.f);
  return h(
    "time",
    { class: "timestamp", datetime: date.toISOString(), title: format(date, STYLES.F), data: style === "R" ? { relative: "" } : {} },
    text,
  );
}

/** Bring every relative time on the page up to date. */
export function tick() {
  for (const element of document.querySelectorAll("time[data-relative]")) {
    const text = relative(new Date(element.dateTime));
    if (element.textContent !== text) element.textContent = text;
  }
}

/** @param {Date} date */
export const dayOf = (date) => format(date, { dateStyle: "short" });

/** "11/24". @param {Date} date */
export const dayAndMonth = (date) => format(date, { month: "numeric", day: "numeric" });

/**
 * "Today at 14:05", "11/24/2026 14:05".
 * @param {string} iso
 */
export function messageTime(iso) {
  const date = new Date(iso);
  const time = shortTime(iso);
  if (dayOf(date) === dayOf(now())) return t("today", { time });
  if (dayOf(date) === dayOf(new Date(now().getTime() - 86_400_000))) return t("yesterday", { time });
  return `${format(date, STYLES.d)} ${time}`;
}

/** @param {string} iso */
export const shortTime = (iso) => format(new Date(iso), { hour: "2-digit", minute: "2-digit" });

/** @param {string} iso */
export const fullTime = (iso) => format(new Date(iso), STYLES.F);

/** The day, as on a divider. @param {string} iso */
export const dayTime = (iso) => format(new Date(iso), { dateStyle: "long" });

/** @param {string} iso */
export const preciseTime = (iso) => format(new Date(iso), { timeStyle: "medium" });

// The private messages that were dismissed: they stay away, wherever one goes and after a reload.

const KEY = "page.dismissed";
const MOST = 500;

/** @type {Set<string>} by message; each is for one person only */
const ids = new Set(JSON.parse(sessionStorage.getItem(KEY) ?? "[]"));

/** @param {string} id */
export const isDismissed = (id) => ids.has(id);

/** @param {string} id */
export function dismiss(id) {
  ids.add(id);
  sessionStorage.setItem(KEY, JSON.stringify([...ids].slice(-MOST)));
}

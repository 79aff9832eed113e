// Builds elements. Whatever people and bots wrote becomes text nodes and attributes, never markup.

/** @typedef {Node | string | number | null | undefined | false | Child[]} Child */

/**
 * An element with attributes, listeners (`onclick`) and children.
 * @param {string} tag
 * @param {Record<string, any>} [props] null, undefined and false leave an attribute out.
 * @param {...Child} children
 * @returns {any} the element
 */
export function h(tag, props = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(props ?? {})) setProp(element, name, value);
  append(element, children);
  return element;
}

function setProp(element, name, value) {
  if (value === null || value === undefined || value === false) return;
  if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
  else if (name === "class") element.className = value;
  else if (name === "data") Object.assign(element.dataset, value);
  else if (name === "vars") for (const [key, one] of Object.entries(value)) element.style.setProperty(key, one);
  else if (name === "value") element.value = value;
  else element.setAttribute(name, value === true ? "" : String(value));
}

/**
 * Add children; strings become text nodes.
 * @param {Node} parent
 * @param {Child[]} children
 */
export function append(parent, children) {
  for (const child of children.flat(9)) {
    if (child === null || child === undefined || child === false || child === "") continue;
    parent.appendChild(child instanceof Node ? child : document.createTextNode(String(child)));
  }
}

/** What stands in the place of an element that was drawn anew. @type {WeakMap<Element, HTMLElement>} */
const heirs = new WeakMap();

/**
 * *element*, or, when it has been drawn anew, what stands in its place now.
 * @param {HTMLElement} element
 */
export function living(element) {
  let found = element;
  while (!found.isConnected && heirs.has(found)) found = heirs.get(found);
  return found;
}

/**
 * Do *change*, which puts *after* in the place of *before*. Elements with the same `data-focus` key are each
 * other's heirs: the focus goes over, and who holds one finds the other by `living`.
 * @param {Element} before
 * @param {Element} after
 * @param {() => void} change
 * @param {HTMLElement | null} [fallback] gets the focus of an element without an heir
 */
export function handOver(before, after, change, fallback = null) {
  const active = before.contains(document.activeElement) ? document.activeElement : null;
  const keyed = (root) => [...(root.matches("[data-focus]") ? [root] : []), ...root.querySelectorAll("[data-focus]")];
  const fresh = new Map(keyed(after).map((one) => [one.dataset.focus, one]));
  for (const old of keyed(before)) {
    const heir = fresh.get(old.dataset.focus);
    if (heir) heirs.set(old, heir);
    if (heir && old.getAttribute("aria-expanded") === "true") heir.setAttribute("aria-expanded", "true");
  }
  change();
  if (!active || active.isConnected) return;
  const heir = living(active);
  (heir.isConnected ? heir : fallback)?.focus({ preventScroll: true });
}

/**
 * Make *children* the content of *parent*. What already looks like that stays as it is; else the focus stays.
 * @param {HTMLElement} parent
 * @param {...Child} children
 */
export function refill(parent, ...children) {
  const fresh = parent.cloneNode(false);
  append(fresh, children);
  if (fresh.isEqualNode(parent)) return;
  const { scrollTop } = parent;
  handOver(parent, fresh, () => parent.replaceChildren(...fresh.childNodes));
  parent.scrollTop = scrollTop;
}

/**
 * Replace everything inside *parent*.
 * @param {Element} parent
 * @param {...Child} children
 */
export function fill(parent, ...children) {
  parent.replaceChildren();
  append(parent, children);
}

/**
 * A URL that a link or picture may have: http, https, or a path of this page; else null.
 * @param {unknown} text
 * @returns {string | null}
 */
export function safeUrl(text) {
  try {
    const url = new URL(String(text), location.origin);
    return ["http:", "https:"].includes(url.protocol) ? url.href : null;
  } catch {
    return null;
  }
}

/**
 * A URL of this page's own origin, from which pictures may be loaded; else null. Discord loads pictures from
 * elsewhere through a proxy of its own; without one, a posted address could tell who reads it, and when.
 * @param {unknown} text
 * @returns {string | null}
 */
export function ownUrl(text) {
  const url = safeUrl(text);
  return url && new URL(url).origin === location.origin ? url : null;
}

let lastId = 0;

/**
 * An id for `aria-controls` and its like.
 * @param {string} stem
 */
export function freshId(stem) {
  lastId += 1;
  return `${stem}-${lastId}`;
}

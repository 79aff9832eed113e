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
 * Put the focus back after a re-render: on the element with the same `data-focus` key, else on *fallback*.
 * @param {Element} root
 * @param {string | undefined} key
 * @param {HTMLElement} [fallback]
 */
export function refocus(root, key, fallback) {
  const found = [...root.querySelectorAll("[data-focus]")].find((one) => one.dataset.focus === key);
  (found ?? fallback)?.focus({ preventScroll: true });
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

// Discord's markdown: headings, quotes, lists, code blocks; what is inside a line is in `inline.js`.

import { h } from "./dom.js";
import { icon } from "./icons.js";
import { t } from "./i18n.js";
import { inline } from "./inline.js";

const FENCE = /```(?:([\w+#.-]+)\n)?\n?([^]*?)\n?```/g;
const ITEM = /^(\s*)([-*]|\d{1,9}\.)\s+(.*)$/;
const MOST_PREVIEWED = 300; // characters; a line has room for fewer
const JUMBO = /^(?:\p{Extended_Pictographic}[\p{Emoji_Modifier}\u200d\ufe0f\p{Extended_Pictographic}]*\s*){1,27}$/u;

/**
 * The nodes of a message's text.
 * @param {string} text
 * @returns {Node[]}
 */
export function markdown(text) {
  const nodes = [];
  let from = 0;
  for (const found of text.matchAll(FENCE)) {
    nodes.push(...blocks(text.slice(from, found.index)), codeBlock(found[2], found[1]));
    from = found.index + found[0].length;
  }
  nodes.push(...blocks(text.slice(from)));
  return nodes;
}

/**
 * An element that holds *text* as markdown.
 * @param {string} text
 * @param {string} [className]
 */
export function prose(text, className = "") {
  const jumbo = text.length < 60 && JUMBO.test(text) ? "jumbo" : "";
  return h("div", { class: `markdown ${jumbo} ${className}` }, markdown(text));
}

/**
 * *text* on one line, its marks kept, with nothing in it to press: for a button that shows what it leads to.
 * @param {string} text
 * @returns {Node[]}
 */
export function preview(text) {
  const bare = text.replace(/```(?:[\w+#.-]+\n)?/g, " ").replace(/^\s*(?:#{1,3}|-#|>{1,3}|[-*])\s+/gm, "");
  const line = h("span", {}, inline(bare.replace(/\s+/g, " ").trim().slice(0, MOST_PREVIEWED)));
  for (const one of line.querySelectorAll("a, [role=button]")) one.replaceWith(h("span", { class: one.className }, [...one.childNodes]));
  return [...line.childNodes];
}

function codeBlock(code, language) {
  const copy = h(
    "button",
    { type: "button", class: "copy", "aria-label": t("act.copy_code"), onclick: () => navigator.clipboard?.writeText(code) },
    icon("copy"),
  );
  return h("div", { class: "code-block" }, h("pre", { tabindex: "0", data: language ? { language } : {} }, h("code", {}, code)), copy);
}

/** The blocks of text without code fences, line by line. */
function blocks(text) {
  const trimmed = text.replace(/^\n|\n$/g, "");
  if (!trimmed) return [];
  const lines = trimmed.split("\n");
  const nodes = [];
  let plain = [];
  const flush = () => {
    if (plain.length) nodes.push(h("p", {}, inline(plain.join("\n"))));
    plain = [];
  };
  for (let at = 0; at < lines.length; ) {
    const block = special(lines, at);
    if (!block) {
      plain.push(lines[at]);
      at += 1;
      continue;
    }
    flush();
    nodes.push(block.node);
    at = block.next;
  }
  flush();
  return nodes;
}

/** A heading, quote, list or small text that begins at line *at*; null for plain text. */
function special(lines, at) {
  const line = lines[at];
  const heading = /^(#{1,3})\s+(.+)$/.exec(line);
  if (heading) return { node: h(`h${heading[1].length + 2}`, {}, inline(heading[2])), next: at + 1 };
  const small = /^-#\s+(.+)$/.exec(line);
  if (small) return { node: h("p", { class: "small" }, inline(small[1])), next: at + 1 };
  if (line.startsWith(">>> ")) {
    return { node: h("blockquote", {}, blocks([line.slice(4), ...lines.slice(at + 1)].join("\n"))), next: lines.length };
  }
  if (/^> ?/.test(line) && line !== ">") return quote(lines, at);
  return ITEM.test(line) ? list(lines, at) : null;
}

function quote(lines, at) {
  let next = at;
  const inner = [];
  while (next < lines.length && /^>( |$)/.test(lines[next])) {
    inner.push(lines[next].replace(/^> ?/, ""));
    next += 1;
  }
  return next === at ? null : { node: h("blockquote", {}, blocks(inner.join("\n"))), next };
}

/** A list with what is indented below its items. */
function list(lines, at) {
  const [, margin, mark] = ITEM.exec(lines[at]);
  const ordered = /\d/.test(mark);
  const element = h(ordered ? "ol" : "ul", ordered ? { start: parseInt(mark, 10) } : {});
  let next = at;
  while (next < lines.length) {
    const found = ITEM.exec(lines[next]);
    if (!found || found[1].length < margin.length) break;
    if (found[1].length <= margin.length + 1 && /\d/.test(found[2]) !== ordered) break;
    if (found[1].length > margin.length + 1 && element.lastChild) {
      const nested = list(lines, next);
      element.lastChild.appendChild(nested.node);
      next = nested.next;
      continue;
    }
    element.appendChild(h("li", {}, inline(found[3])));
    next += 1;
  }
  return { node: element, next };
}

// Discord's markdown inside a line: marks, code, links, mentions, timestamps, emoji. Text to nodes, no HTML.

import { h, safeUrl } from "./dom.js";
import { t } from "./i18n.js";
import { DISCORD_LINK, channelMention, commandMention, everyoneMention, placeMention, roleMention, userMention } from "./mentions.js";
import { timestamp } from "./times.js";

const DEEPEST = 12;

/** Each rule: a pattern at the current place, and what it makes of the match; null passes it on as text. */
const RULES = [
  [/\\([!-/:-@[-`{-~])/y, (m) => m[1]],
  [/``([^]+?)``(?!`)|`([^`]+)`/y, (m) => h("code", { class: "inline-code" }, m[1] ?? m[2])],
  [/<@!?(\d{15,21})>/y, (m) => userMention(m[1])],
  [/<@&(\d{15,21})>/y, (m) => roleMention(m[1])],
  [/<#(\d{15,21})>/y, (m) => channelMention(m[1])],
  [/<\/([^:<>\n]{1,100}):(\d{15,21})>/y, (m) => commandMention(m[1])],
  [/@(everyone|here)\b/y, (m) => everyoneMention(m[1])],
  [/<t:(-?\d{1,13})(?::([tTdDfFR]))?>/y, (m) => timestamp(Number(m[1]), m[2] ?? "f")],
  [/<a?:(\w{2,32}):\d{15,21}>/y, (m) => h("span", { class: "custom-emoji" }, `:${m[1]}:`)],
  [/\[((?:\\.|[^\[\]\\]|\[[^\]]*\])+)\]\(<?([^\s<>()]+(?:\([^\s()]*\))?[^\s<>()]*)>?(?:\s+"[^"]*")?\)/y, maskedLink],
  [/<(https?:\/\/[^\s<>]+)>/y, (m) => bare(m[1])],
  [/https?:\/\/[^\s<>]+[^\s<>.,:;"'\])}。、」』)】]/y, (m) => bare(m[0])],
  [/\*\*\*([^]+?)\*\*\*(?!\*)/y, (m, deep) => h("strong", {}, h("em", {}, inline(m[1], deep)))],
  [/\*\*([^]+?)\*\*(?!\*)/y, (m, deep) => h("strong", {}, inline(m[1], deep))],
  [/__([^]+?)__(?!_)/y, (m, deep) => h("u", {}, inline(m[1], deep))],
  [/~~([^]+?)~~(?!~)/y, (m, deep) => h("s", {}, inline(m[1], deep))],
  [/\|\|([^]+?)\|\|/y, (m, deep) => spoiler(inline(m[1], deep))],
  [/\*(?!\s)((?:\*\*[^*]+\*\*|[^*])+?)\*(?!\*)/y, (m, deep) => h("em", {}, inline(m[1], deep))],
  [/_((?:__[^_]+__|[^_])+?)_(?![\w_])/y, (m, deep, before) => (/\w$/.test(before) ? null : h("em", {}, inline(m[1], deep)))],
];
const SPECIAL = /[\\`<@[h*_~|]/g;

/**
 * The nodes of one stretch of text.
 * @param {string} text
 * @param {number} [depth] how deep marks are nested already
 * @returns {(Node | string)[]}
 */
export function inline(text, depth = 0) {
  if (depth > DEEPEST) return [text];
  const nodes = [];
  let plain = "";
  let at = 0;
  while (at < text.length) {
    const found = match(text, at, depth);
    if (found) {
      if (plain) nodes.push(plain);
      plain = "";
      nodes.push(found.node);
      at = found.end;
      continue;
    }
    SPECIAL.lastIndex = at + 1;
    const next = SPECIAL.exec(text)?.index ?? text.length;
    plain += text.slice(at, next);
    at = next;
  }
  if (plain) nodes.push(plain);
  return nodes;
}

function match(text, at, depth) {
  for (const [pattern, make] of RULES) {
    pattern.lastIndex = at;
    const found = pattern.exec(text);
    if (!found) continue;
    const end = pattern.lastIndex;
    const node = make(found, depth + 1, text[at - 1] ?? "");
    if (node) return { node, end };
  }
  return null;
}

/** A URL as it stands; one to a channel or message of this server reads as Discord's clients show it. */
function bare(url) {
  const found = DISCORD_LINK.exec(url);
  return found ? placeMention(url, found[1], Boolean(found[2])) : link(url, [url]);
}

function maskedLink(found, depth) {
  return /^https?:\/\//i.test(found[2]) ? link(found[2], inline(found[1], depth)) : null;
}

/**
 * A link; one to a message of this server opens it here (see `jumps.js`).
 * @param {string} url
 * @param {(Node | string)[]} children
 */
export function link(url, children) {
  const href = safeUrl(url);
  if (!href) return null;
  return h("a", { href, target: "_blank", rel: "noreferrer noopener nofollow", title: href }, children);
}

function spoiler(children) {
  const reveal = (event) => {
    event.currentTarget.classList.add("shown");
    event.currentTarget.removeAttribute("aria-label");
  };
  const onkeydown = (event) => ["Enter", " "].includes(event.key) && reveal(event);
  const props = { class: "spoiler", role: "button", tabindex: "0", "aria-label": t("msg.spoiler") };
  return h("span", { ...props, onclick: reveal, onkeydown }, h("span", {}, children));
}

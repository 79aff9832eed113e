// Pictures, sounds and files, with a larger view of a picture on a click.

import { closeDialog, showDialog } from "./dialog.js";
import { h, ownUrl, safeUrl } from "./dom.js";
import { icon } from "./icons.js";
import { t } from "./i18n.js";

const UNITS = ["B", "KB", "MB"];

/** "12.3 KB" @param {number} bytes */
export function fileSize(bytes) {
  let size = bytes;
  let unit = 0;
  while (size >= 1024 && unit < UNITS.length - 1) {
    size /= 1024;
    unit += 1;
  }
  return `${unit ? size.toFixed(1) : size} ${UNITS[unit]}`;
}

/** The attachments of a message. @param {any[]} list */
export function attachments(list) {
  return list.length ? h("div", { class: "attachments" }, list.map(attachment)) : null;
}

/** Whoever sends a file marks it as a spoiler by its name. */
const attachment = (one) => spoilt({ spoiler: one.filename.startsWith("SPOILER_") }, shown(one));

function shown(one) {
  const kind = one.content_type ?? "";
  if (kind.startsWith("image/") && !kind.includes("svg")) return picture(one, one.description ?? one.filename);
  if (kind.startsWith("video/")) return h("video", { src: ownUrl(one.url), controls: true, preload: "metadata" });
  if (kind.startsWith("audio/")) return h("audio", { src: ownUrl(one.url), controls: true, preload: "metadata" });
  return fileCard(one.filename, one.size, one.url);
}

/** What is marked as a spoiler shows itself on a click. @param {{spoiler?: boolean}} item @param {any} node */
export function spoilt(item, node) {
  if (!item.spoiler || !node) return node;
  const reveal = h("button", { type: "button", class: "reveal", onclick: () => cover.classList.add("shown") }, t("msg.spoiler"));
  const cover = h("div", { class: "covered" }, node, reveal);
  return cover;
}

/**
 * A picture; *media* has url, and width and height when known, so that nothing jumps when it loads.
 * Of one that is elsewhere only the words stand there, as a link; of a thumbnail a sign, and the words are its title.
 * @param {{url: string, width?: number | null, height?: number | null}} media
 * @param {string} [description]
 * @param {string} [className]
 */
export function picture(media, description = "", className = "picture") {
  const src = safeUrl(media.url);
  if (!src) return null;
  const name = description || src.split("/").at(-1);
  if (!ownUrl(src)) return elsewhere(src, name, className.replace("picture", "elsewhere"));
  const size = media.width && media.height ? { width: media.width, height: media.height } : {};
  const image = h("img", { src, alt: description, loading: "lazy", decoding: "async", ...size });
  image.addEventListener("error", () => image.classList.add("broken"));
  const label = t("msg.image", { name });
  return h("button", { type: "button", class: className, "aria-label": label, onclick: () => enlarge(src, description) }, image);
}

function elsewhere(src, name, className) {
  const why = t("msg.elsewhere", { host: new URL(src).host });
  return h(
    "a",
    { class: className, href: src, target: "_blank", rel: "noreferrer noopener", title: `${name}\n${why}` },
    icon("file"),
    h("span", { class: "ellipsis" }, name),
    h("small", { class: "dim" }, why),
  );
}

function enlarge(src, description) {
  const close = h("button", { type: "button", class: "icon-button", "aria-label": t("modal.close") }, icon("close"));
  const image = h("img", { src, alt: description });
  const dialog = h("dialog", { class: "lightbox", onclick: () => closeDialog(dialog) }, close, image);
  showDialog(dialog);
}

/**
 * A file to download.
 * @param {string} name
 * @param {number | null | undefined} size in bytes
 * @param {string} url
 */
export function fileCard(name, size, url) {
  return h(
    "div",
    { class: "file" },
    icon("file"),
    h("span", { class: "name" }, h("span", {}, name), size ? h("small", {}, fileSize(size)) : null),
    h("a", { href: safeUrl(url), download: name, class: "icon-button", "aria-label": t("msg.download", { name }) }, icon("download")),
  );
}

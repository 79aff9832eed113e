// Embeds: colour bar, author, title, description, fields, pictures, footer and time.

import { h, ownUrl, safeUrl } from "./dom.js";
import { inline, link } from "./inline.js";
import { prose } from "./markdown.js";
import { picture } from "./media.js";
import { messageTime } from "./times.js";

/**
 * One embed. Source: Discord's docs, Resources > Message > Embed Object.
 * @param {any} embed
 */
export function renderEmbed(embed) {
  const colour = embed.color ? { "--bar": `#${embed.color.toString(16).padStart(6, "0")}` } : {};
  const thumbnail = embed.thumbnail ? picture(embed.thumbnail, embed.thumbnail.description, "picture thumbnail") : null;
  return h(
    "article",
    { class: thumbnail ? "embed with-thumbnail" : "embed", vars: colour },
    h(
      "div",
      { class: "embed-body" },
      embed.author ? author(embed.author) : null,
      embed.title ? h("div", { class: "embed-title" }, (embed.url && link(embed.url, inline(embed.title))) || inline(embed.title)) : null,
      embed.description ? prose(embed.description) : null,
      embed.fields?.length ? h("div", { class: "embed-fields" }, columns(embed.fields).map(field)) : null,
      embed.image ? picture(embed.image, embed.image.description) : null,
      footer(embed),
    ),
    thumbnail,
  );
}

function author({ name, url, icon_url: image }) {
  const src = image && ownUrl(image);
  const label = url && safeUrl(url) ? link(url, [name]) : name;
  return h("div", { class: "embed-author" }, src ? h("img", { src, alt: "" }) : null, label);
}

/** Inline fields stand up to three in a row; each gets the share of its row. */
function columns(fields) {
  const rows = [];
  for (const one of fields) {
    const last = rows.at(-1);
    if (one.inline && last?.[0].inline && last.length < 3) last.push(one);
    else rows.push([one]);
  }
  return rows.flatMap((row) => row.map((one) => ({ ...one, span: 12 / row.length })));
}

function field({ name, value, span }) {
  return h(
    "div",
    { class: "embed-field", vars: { "--span": span } },
    h("div", { class: "embed-field-name" }, inline(name)),
    prose(value),
  );
}

function footer({ footer: note, timestamp }) {
  if (!note && !timestamp) return null;
  const src = note?.icon_url && ownUrl(note.icon_url);
  const parts = [note?.text, timestamp && messageTime(timestamp)].filter(Boolean);
  return h("footer", { class: "embed-footer" }, src ? h("img", { src, alt: "" }) : null, parts.join(" • "));
}

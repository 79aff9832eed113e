// Messages that Discord itself writes: a thread was started, something was pinned.

import { h } from "./dom.js";
import { icon } from "./icons.js";
import { t } from "./i18n.js";
import { nameOf } from "./store.js";
import { messageTime } from "./times.js";

const PINNED = 6;
const RENAMED = 4;
const THREAD_CREATED = 18;

/** @param {any} message */
export function systemLine(message) {
  const name = nameOf(message.author);
  const started = message.type === THREAD_CREATED;
  const thread = message.message_reference?.channel_id;
  const text = {
    [RENAMED]: t("msg.renamed", { name }),
    [PINNED]: t("msg.pinned", { name }),
    [THREAD_CREATED]: t("msg.started_thread", { name }),
  }[message.type] ?? `${t("msg.system")}: ${message.content}`;
  return h(
    "p",
    { class: "system" },
    icon(started ? "thread" : message.type === PINNED ? "pin" : "right"),
    h(
      "span",
      {},
      text,
      message.type === RENAMED ? [" ", h("span", { class: "to" }, message.content)] : null,
      started && thread ? [" ", h("a", { href: `#${thread}` }, message.content)] : null,
      " ",
      h("time", { datetime: message.timestamp }, messageTime(message.timestamp)),
    ),
  );
}

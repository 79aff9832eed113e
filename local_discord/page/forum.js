// A forum channel: its posts, newest first; each is a thread.

import { h } from "./dom.js";
import { icon } from "./icons.js";
import { t } from "./i18n.js";
import { go } from "./nav.js";
import { isThread, state } from "./store.js";

/** The rows of the list, as `MessageList` draws them. @param {import("./pane.js").Pane} pane */
export function forumRows({ channel }) {
  const posts = state.channels.filter((one) => isThread(one) && one.parent_id === channel.id);
  posts.sort((a, b) => (BigInt(a.id) < BigInt(b.id) ? -1 : 1));
  const heading = { key: "forum", sign: channel.name, make: () => h("li", { class: "welcome" }, h("h2", {}, channel.name), h("p", {}, t("nav.forum"))) };
  return [heading, ...posts.map((post) => ({ key: post.id, sign: JSON.stringify(post), make: () => row(post) }))];
}

function row(post) {
  const open = { type: "button", class: "thread-card", data: { focus: "thread" }, onclick: () => go(post.id) };
  return h(
    "li",
    { class: "post" },
    h("button", open, icon("thread"), h("strong", { class: "ellipsis" }, post.name), h("span", { class: "dim" }, t("msg.count", { n: post.message_count ?? 0 }))),
  );
}

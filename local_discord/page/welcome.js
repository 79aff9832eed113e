// The start of a channel, thread or DM.

import { h } from "./dom.js";
import { icon } from "./icons.js";
import { t } from "./i18n.js";
import { avatar } from "./people.js";
import { isDm, isThread, signOf, state } from "./store.js";

/** @param {import("./pane.js").Pane} pane */
export function welcome(pane) {
  const { channel } = pane;
  const app = state.application;
  if (!channel || isDm(channel)) {
    return box(avatar(app.id, app.name, { bot: true }), app.name, t("pane.dm_start", { name: app.name }));
  }
  if (isThread(channel)) return box(icon("thread"), channel.name, t("pane.thread_start"));
  const { name } = channel;
  const hint = channel.can.send ? ` ${t("pane.try")}` : "";
  return box(icon(signOf(channel)), t("pane.welcome", { name }), t("pane.start", { name }) + hint);
}

const box = (picture, title, text) =>
  h("li", { class: "welcome" }, h("span", { class: "welcome-icon" }, picture), h("h2", {}, title), h("p", {}, text));

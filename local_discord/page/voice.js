// A voice channel in the list: a click joins or leaves it, below it stands who is there. Nothing is heard.

import { joinVoice, leaveVoice } from "./api.js";
import { h } from "./dom.js";
import { icon } from "./icons.js";
import { t } from "./i18n.js";
import { avatar } from "./people.js";
import { memberById, nameColour, place, signOf, state } from "./store.js";
import { attempt } from "./toast.js";

/** @param {import("./store.js").Channel} channel */
export function voiceRow(channel) {
  const { id, name, voice = [] } = channel;
  const isIn = voice.includes(state.me);
  const label = t(isIn ? "nav.leave_voice" : "nav.join_voice", { name });
  const toggle = () => attempt(() => (isIn ? leaveVoice() : joinVoice(id)));
  const join = h(
    "button",
    {
      type: "button",
      class: isIn ? "voice joined" : "voice",
      "aria-pressed": String(isIn),
      "aria-label": label,
      title: label,
      disabled: !isIn && !channel.can.connect,
      data: { focus: `voice-${id}` },
      onclick: toggle,
    },
    icon(isIn ? "leave" : signOf(channel)),
    h("span", { class: "ellipsis" }, name),
  );
  return h("li", {}, h("div", { class: "voice-row" }, join, chat(channel)), voice.length ? people(channel) : null);
}

/** A voice channel has messages of its own. */
function chat({ id, name, unread, mentions }) {
  const label = t("nav.voice_chat", { name });
  const waits = mentions ? h("span", { class: "count", "aria-label": t("nav.mentions", { n: mentions }) }, mentions) : null;
  const current = place.main === id ? "page" : null;
  const props = { href: `#${id}`, class: unread ? "chat unread" : "chat", "aria-label": label, title: label, "aria-current": current };
  return h("a", { ...props, data: { focus: `go-${id}` } }, waits, icon("thread"));
}

function people({ name, voice }) {
  const row = (id) => {
    const { name: who = "?", bot = false } = memberById(id) ?? {};
    const colour = nameColour(id);
    return h("li", { vars: colour ? { "--name": colour } : {} }, avatar(id, who, { small: true, bot }), h("span", { class: "ellipsis" }, who));
  };
  return h("ul", { class: "in-voice", "aria-label": t("nav.in_voice", { name, n: voice.length }) }, voice.map(row));
}

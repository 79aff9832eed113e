// What the viewer does, sent to the human side of the local Discord.

import { t } from "./i18n.js";
import { addressOf, memberById, state } from "./store.js";

/** The local Discord refused, in words for a person. `field`: the option or the form's field at fault, or "". */
export class Refused extends Error {
  /** @param {string} message @param {string} [field] */
  constructor(message, field = "") {
    super(message);
    this.field = field;
  }
}

/**
 * One request below `/_human`, as the viewer.
 * @param {string} method
 * @param {string} path
 * @param {Record<string, any>} [body]
 * @returns {Promise<any>}
 */
export async function request(method, path, body) {
  const init = { method, headers: { "Content-Type": "application/json" }, body: body && JSON.stringify(body) };
  const response = await fetch(`/_human/${path}`, init).catch(() => null);
  const answer = await response?.json().catch(() => null);
  if (!response?.ok) throw refusal(answer);
  return answer;
}

/** In the page's language: the answer says by a key why it is one. */
function refusal(answer) {
  if (!answer) return new Refused(t("status.lost"));
  const { why = "failed", fields = {} } = answer;
  return new Refused(t(`refused.${why}`, { ...fields, label: fields.label || t("refused.field") }), fields.field);
}

const as = () => ({ user: memberById(state.me)?.id ?? state.me });

export const say = (channel, content, replyTo, files = []) =>
  request("POST", "say", { ...as(), channel: addressOf(channel), content, reply_to: replyTo, files });
export const react = (message, emoji) => request("PUT", "reaction", { ...as(), message, emoji });
export const unreact = (message, emoji) => request("DELETE", "reaction", { ...as(), message, emoji });
export const remove = (message) => request("DELETE", "message", { message });
export const autocomplete = (channel, name, options, focused) =>
  request("POST", "autocomplete", { ...as(), channel: addressOf(channel), name, options, focused });

/** Each opens an interaction; the answer is its id. */
export const command = (channel, name, options) =>
  request("POST", "command", { ...as(), channel: addressOf(channel), name, options });
export const context = (channel, name, target) =>
  request("POST", "context", { ...as(), channel: addressOf(channel), name, ...target });
export const click = (message, customId, values = []) =>
  request("POST", "click", { ...as(), message, custom_id: customId, values });
export const submit = (interaction, fields) => request("POST", "modal", { ...as(), interaction, fields });

/** Wait until the bot has answered, or failed to within Discord's 3 seconds. */
export const answered = (id) => request("GET", `interaction/${id}?wait=6`);

export const fault = (spec) => request("POST", "fault", spec);
export const liftFault = (id) => request("DELETE", `fault/${id}`);
export const liftFaults = () => request("DELETE", "fault");
export const advance = (seconds) => request("POST", "clock", { advance_s: seconds });
export const pressControl = (control) => request("POST", "press", { ...as(), control });
export const stopPress = (id) => request("DELETE", `press/${id}`);
export const freeze = () => request("POST", "freeze", {});
export const thaw = () => request("DELETE", "freeze");
export const joinVoice = (channel) => request("POST", "voice", { ...as(), channel });
export const leaveVoice = () => request("DELETE", "voice", as());
export const changeMember = (user, change) => request("PATCH", "member", { user, ...change });
export const humanState = () => request("GET", "state");

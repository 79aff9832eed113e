// Every kind of fault that the form offers: the group it stands in, what it asks for, and what is sent.
// Source: docs/reference.md, Faults.

/**
 * @typedef {object} Kind
 * @property {"request" | "event" | "once"} group once: done at once, and over
 * @property {string[]} [asks] of the fields status, seconds, code
 * @property {Record<string, any>} spec what never differs
 */

/** @type {Record<string, Kind>} */
export const KINDS = {
  status: { group: "request", asks: ["status"], spec: {} },
  late: { group: "request", asks: ["seconds"], spec: {} },
  hole: { group: "request", spec: { black_hole: true } },
  reset_before: { group: "request", spec: { reset: "before" } },
  reset_after: { group: "request", spec: { reset: "after" } },
  malformed: { group: "request", spec: { body: "malformed" } },
  truncated: { group: "request", spec: { body: "truncated" } },
  html: { group: "request", asks: ["status"], spec: { body: "html" } },
  limit_user: { group: "request", asks: ["seconds"], spec: { status: 429, scope: "user" } },
  limit_shared: { group: "request", asks: ["seconds"], spec: { status: 429, scope: "shared" } },
  limit_global: { group: "request", asks: ["seconds"], spec: { status: 429, scope: "global" } },
  lose: { group: "event", spec: { gateway: "lose" } },
  duplicate: { group: "event", spec: { gateway: "duplicate" } },
  delay: { group: "event", asks: ["seconds"], spec: { gateway: "delay" } },
  reorder: { group: "event", asks: ["seconds"], spec: { gateway: "reorder" } },
  drop: { group: "once", spec: { gateway: "drop" } },
  forget: { group: "once", spec: { gateway: "drop", forget: true } },
  close: { group: "once", asks: ["code"], spec: { gateway: "close" } },
  silent: { group: "once", spec: { gateway: "silent" } },
  deaf: { group: "once", spec: { gateway: "deaf" } },
  invalidate: { group: "once", spec: { gateway: "invalidate" } },
  reconnect: { group: "once", spec: { gateway: "reconnect" } },
  heartbeat: { group: "once", spec: { gateway: "heartbeat" } },
};

/** What the form begins with. */
export const USUAL = { method: "*", path: "/**", event: "*", status: 503, seconds: 2, code: 4000, times: 1 };

/**
 * The body of `POST fault`.
 * @param {string} kind
 * @param {Record<string, any>} given
 */
export function specOf(kind, given) {
  const { group, asks = [], spec } = KINDS[kind];
  const sent = { ...spec };
  if (group === "request") sent.route = `${given.method} ${given.path}`;
  if (group === "event") sent.event = given.event;
  if (asks.includes("status")) sent.status = given.status;
  if (asks.includes("code")) sent.code = given.code;
  if (asks.includes("seconds")) sent[spec.status === 429 ? "retry_after" : "delay_s"] = given.seconds;
  if (group === "once") return sent;
  const { times, nth, percent, seed, after } = given;
  if (nth > 1) sent.nth = nth;
  if (percent < 100) Object.assign(sent, { probability: percent / 100, seed });
  if (after && group === "request") sent.after = true;
  return { ...sent, times };
}

/** Which kind a fault in force is, however it came to be; "status" when it is none of these alone. @param {any} fault */
export function kindOf(fault) {
  const holds = ([, value]) => Object.entries(value.spec).every(([key, one]) => fault[key] === one);
  const named = Object.entries(KINDS).find(([name, one]) => !["status", "late"].includes(name) && one.group !== "once" && holds([name, one]));
  if (named) return named[0];
  if (fault.status === 429) return "limit_user";
  return fault.delay_s && !fault.status ? "late" : "status";
}

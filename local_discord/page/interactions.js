// From a person's act to the bot's answer: waits, opens modals, says when nothing came back.

import { Refused, answered } from "./api.js";
import { openModal } from "./modal.js";

/**
 * @typedef {object} Outcome
 * @property {"done" | "modal" | "silent" | "refused"} kind silent: the bot did not answer within 3 seconds
 * @property {string} [reason] why it was refused, for a person
 * @property {string} [field] the option at fault
 */

/**
 * Do *act*, which opens an interaction, and follow it to its first response.
 * @param {() => Promise<{interaction: string}>} act
 * @returns {Promise<Outcome>}
 */
export async function follow(act) {
  try {
    const opened = await act();
    const seen = await answered(opened.interaction);
    if (seen.state === "failed" || seen.state === "pending") return { kind: "silent" };
    if (!seen.modal) return { kind: "done" };
    openModal(seen.id, seen.modal);
    return { kind: "modal" };
  } catch (error) {
    if (error instanceof Refused) return { kind: "refused", reason: error.message, field: error.field };
    throw error;
  }
}

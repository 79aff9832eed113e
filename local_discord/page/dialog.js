// Dialogs: shown over everything else; afterwards the keys go where they went before.

/**
 * Show *dialog* until it is closed; then it is gone, and what had the focus can be typed into again.
 * @param {HTMLDialogElement} dialog
 */
export function showDialog(dialog) {
  dialog.addEventListener("cancel", (event) => {
    event.preventDefault(); // Escape: the event "close" comes later, after keys that were typed meanwhile
    closeDialog(dialog);
  });
  dialog.addEventListener("close", () => closeDialog(dialog)); // a second Escape closes it by itself
  document.body.appendChild(dialog);
  dialog.showModal();
}

/**
 * Close *dialog* at once, so that not even the next key is lost, and tell it by the event "gone": "close" comes later,
 * and never if the page is loaded anew meanwhile.
 * @param {HTMLDialogElement} dialog
 */
export function closeDialog(dialog) {
  if (!dialog.isConnected) return;
  if (dialog.open) dialog.close();
  dialog.remove();
  dialog.dispatchEvent(new Event("gone"));
  takeKeys();
}

/** Chromium gives the focus back but not the selection, without which a text field takes no keys. */
function takeKeys() {
  const active = document.activeElement;
  if (!(active instanceof HTMLElement) || active === document.body) return;
  active.blur();
  active.focus({ preventScroll: true });
}

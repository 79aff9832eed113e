// Dialogs: shown over everything else; afterwards the keys go where they went before.

/**
 * Show *dialog* until it is closed; then it is gone, and what had the focus can be typed into again.
 * @param {HTMLDialogElement} dialog
 * @param {() => void} [onclosed]
 */
export function showDialog(dialog, onclosed) {
  dialog.addEventListener("close", () => {
    dialog.remove();
    takeKeys();
    onclosed?.();
  });
  document.body.appendChild(dialog);
  dialog.showModal();
}

/** Chromium gives the focus back but not the selection, without which a text field takes no keys. */
function takeKeys() {
  const active = document.activeElement;
  if (!(active instanceof HTMLElement) || active === document.body || active.closest("dialog")) return;
  active.blur();
  active.focus({ preventScroll: true });
}

// Typing goes to the message box, wherever the focus is, as long as nothing else takes the key.

const EDITABLE = "input, textarea, select, [contenteditable]";
const APART = "dialog, .popup, #drawer"; // places with keys of their own

/**
 * Let letters typed anywhere on the page begin a message.
 * @param {() => {focus: () => void}} box gives the message box
 */
export function typeAnywhere(box) {
  document.addEventListener("keydown", (event) => {
    const { target } = event;
    const isLetter = event.key.length === 1 && event.key !== " "; // a space presses buttons
    if (!isLetter || event.defaultPrevented || event.ctrlKey || event.metaKey || event.altKey) return;
    if (!(target instanceof Element) || target.closest(`${EDITABLE}, ${APART}`)) return;
    if (document.querySelector("dialog[open], .popup")) return;
    box().focus(); // the key itself arrives after this
  });
}

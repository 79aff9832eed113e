// Nothing moves under a pressed pointer: a press that ends on something else than it began on is no click.

const CLICK_MS = 50; // a click follows the release of the pointer within this time
const MOST_MS = 10_000; // its release may have happened where the page does not hear of it

/** @type {Set<() => void>} */
const waiting = new Set();
let isPressed = false;
let timer = 0;

addEventListener("pointerdown", press, true);
addEventListener("pointerup", () => releaseIn(CLICK_MS), true);
for (const name of ["click", "pointercancel"]) addEventListener(name, release, true);

/** Do *act* now; while the pointer is pressed, do it once after its release. @param {() => void} act */
export function whenReleased(act) {
  if (isPressed) waiting.add(act);
  else act();
}

function press({ isPrimary, button }) {
  if (!isPrimary || button !== 0) return;
  isPressed = true;
  releaseIn(MOST_MS);
}

function releaseIn(ms) {
  clearTimeout(timer);
  timer = setTimeout(release, ms);
}

function release() {
  clearTimeout(timer);
  isPressed = false;
  setTimeout(() => {
    const acts = [...waiting];
    waiting.clear();
    for (const act of acts) act();
  });
}

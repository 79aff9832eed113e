// What the page's address asks for, as in `?lang=en&tour`: read once and taken away, so that a later choice outlasts a reload.

const given = new URLSearchParams(location.search);
if ([...given].length) history.replaceState(null, "", location.pathname + location.hash);

/** The value of *name* in the address: "" without one, null when it is not there. @param {string} name */
export const asked = (name) => given.get(name);

/** Parts of the page that are known to be there. */

/** @param {ParentNode} root @param {string} selector @returns {HTMLElement} */
export function part(root, selector) {
  return /** @type {HTMLElement} */ (root.querySelector(selector));
}

/** @param {ParentNode} root @param {"left" | "right"} side */
export function canvas(root, side) {
  return /** @type {HTMLCanvasElement} */ (part(root, `[data-canvas=${side}]`));
}

/** @param {ParentNode} root @param {string} action @param {boolean} pressed */
export function press(root, action, pressed) {
  part(root, `[data-action=${action}]`).setAttribute("aria-pressed", String(pressed));
}

/** @param {string} id */
export function dialog(id) {
  return /** @type {HTMLDialogElement} */ (document.getElementById(id));
}

/** Groups of buttons of which one is chosen (role radiogroup): one tab stop, arrows move, as with radio buttons. */

/** @param {Element} group @param {string} chosen value of `data-arg`, or "" */
export function showChoice(group, chosen) {
  const buttons = /** @type {HTMLElement[]} */ ([...group.querySelectorAll("[role=radio]")]);
  const current = buttons.find((button) => button.dataset.arg === chosen);
  for (const button of buttons) {
    button.setAttribute("aria-checked", String(button === current));
    button.tabIndex = button === (current ?? buttons[0]) ? 0 : -1;
  }
}

/** Arrow keys inside every group under `root`. @param {HTMLElement} root */
export function moveChoices(root) {
  root.addEventListener("keydown", (event) => {
    const step = { ArrowLeft: -1, ArrowUp: -1, ArrowRight: 1, ArrowDown: 1 }[event.key];
    const button = event.target instanceof HTMLElement ? event.target.closest("[role=radio]") : null;
    const group = button?.closest("[role=radiogroup]");
    if (!step || event.shiftKey || !button || !group) return;
    event.preventDefault();
    const buttons = /** @type {HTMLElement[]} */ ([...group.querySelectorAll("[role=radio]")]);
    const next = buttons[(buttons.indexOf(/** @type {HTMLElement} */ (button)) + step + buttons.length) % buttons.length];
    next.focus();
    next.click();
  });
}

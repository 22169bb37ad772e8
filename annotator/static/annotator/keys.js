/**
 * The one table of keys: what the handler listens to, what the map of keys shows, and what stands on the buttons.
 *
 * @typedef {object} Line
 * @property {string} group
 * @property {string} key      as `event.key` in lower case, digits and `,` `.` without what Shift makes of them
 * @property {boolean} [shift]
 * @property {string} action   what the workbench does
 * @property {string} [arg]    with what
 * @property {string} says
 */

/** @type {readonly Line[]} */
export const KEYS = Object.freeze([
  { group: "Play", key: " ", action: "toggle", says: "play or pause" },
  { group: "Play", key: ",", action: "step", arg: "-1", says: "one frame back" },
  { group: "Play", key: ".", action: "step", arg: "1", says: "one frame on" },
  { group: "Play", key: ",", shift: true, action: "step", arg: "-10", says: "ten frames back" },
  { group: "Play", key: ".", shift: true, action: "step", arg: "10", says: "ten frames on" },
  { group: "Play", key: "j", action: "skip", arg: "-1", says: "one second back" },
  { group: "Play", key: "k", action: "skip", arg: "1", says: "one second on" },
  { group: "Play", key: "[", action: "speed", arg: "-1", says: "slower" },
  { group: "Play", key: "]", action: "speed", arg: "1", says: "faster" },
  { group: "Play", key: "i", action: "loop-in", says: "loop from here" },
  { group: "Play", key: "o", action: "loop-out", says: "loop to here" },
  { group: "Play", key: "p", action: "loop-clear", says: "no loop" },

  { group: "Look", key: "z", action: "zoom", says: "zoom: twice, four times, whole" },
  { group: "Look", key: "f", action: "flip", says: "flip: the two in one place, in turn" },
  { group: "Look", key: "v", action: "wipe", says: "wipe from one to the other" },
  { group: "Look", key: "arrowleft", action: "move", arg: "-1 0", says: "move the wipe or the zoomed picture left" },
  { group: "Look", key: "arrowright", action: "move", arg: "1 0", says: "move it right" },
  { group: "Look", key: "arrowup", action: "move", arg: "0 -1", says: "move the zoomed picture up" },
  { group: "Look", key: "arrowdown", action: "move", arg: "0 1", says: "move it down" },
  { group: "Look", key: "escape", action: "plain", says: "side by side again, not zoomed" },

  { group: "The pair", key: "1", shift: true, action: "judge", arg: "left_much", says: "left is much better" },
  { group: "The pair", key: "1", action: "judge", arg: "left", says: "left is better" },
  { group: "The pair", key: "3", action: "judge", arg: "tie", says: "tie" },
  { group: "The pair", key: "2", action: "judge", arg: "right", says: "right is better" },
  { group: "The pair", key: "2", shift: true, action: "judge", arg: "right_much", says: "right is much better" },
  { group: "The pair", key: "4", action: "judge", arg: "both_bad", says: "both bad" },
  { group: "The pair", key: "0", action: "judge", arg: "cannot_judge", says: "cannot judge" },

  { group: "Each person", key: "q", action: "choose", arg: "0", says: "first person" },
  { group: "Each person", key: "w", action: "choose", arg: "1", says: "second person" },
  { group: "Each person", key: "e", action: "choose", arg: "2", says: "third person" },
  { group: "Each person", key: "r", action: "choose", arg: "3", says: "fourth person" },
  { group: "Each person", key: "a", action: "judge-person", arg: "left", says: "kept better on the left" },
  { group: "Each person", key: "s", action: "judge-person", arg: "same", says: "the same" },
  { group: "Each person", key: "d", action: "judge-person", arg: "right", says: "kept better on the right" },

  { group: "Faces over time", key: "arrowleft", shift: true, action: "moment", arg: "-1", says: "the crops before" },
  { group: "Faces over time", key: "arrowright", shift: true, action: "moment", arg: "1", says: "the crops after" },
  { group: "Faces over time", key: "c", action: "curves", says: "show similarity curves once you have answered" },
  { group: "Faces over time", key: "g", action: "report", says: "the person’s crops show somebody else" },

  { group: "Marks", key: "m", action: "mark", says: "mark the person at this frame" },
  { group: "Marks", key: "b", action: "mark-kind", says: "the last mark is: drift, swap, blend, missing" },
  { group: "Marks", key: "x", action: "mark-side", says: "mark on the other side" },
  { group: "Marks", key: "n", action: "no-drift", says: "the person does not drift" },
  { group: "Marks", key: "backspace", action: "unmark", says: "remove the person's last mark" },

  { group: "The answer", key: "enter", action: "submit", says: "submit, next pair" },
  { group: "The answer", key: "u", action: "undo", says: "take the last answer back" },
  { group: "The answer", key: "t", action: "remark", says: "write a remark" },
  { group: "Help", key: "h", action: "instructions", says: "instructions and examples" },
  { group: "Help", key: "?", action: "keys", says: "this map of keys" },
]);

const CAPS = { " ": "Space", enter: "Enter", escape: "Esc", backspace: "⌫", arrowleft: "←", arrowright: "→", arrowup: "↑", arrowdown: "↓" };

const NAMES = {
  " ": "Space", enter: "Enter", escape: "Escape", backspace: "Backspace",
  arrowleft: "ArrowLeft", arrowright: "ArrowRight", arrowup: "ArrowUp", arrowdown: "ArrowDown",
};

/** @param {Line} line @returns {string} what stands on the key cap */
export function capOf(line) {
  const cap = CAPS[/** @type {keyof typeof CAPS} */ (line.key)] ?? line.key.toUpperCase();
  return line.shift ? `⇧${cap}` : cap;
}

/** @param {Line} line @returns {string} for aria-keyshortcuts */
export function shortcutOf(line) {
  const name = NAMES[/** @type {keyof typeof NAMES} */ (line.key)] ?? line.key.toUpperCase();
  return line.shift ? `Shift+${name}` : name;
}

/** @param {string} action @param {string} [arg] @returns {Line | undefined} */
export function lineOf(action, arg) {
  return KEYS.find((line) => line.action === action && (line.arg ?? "") === (arg ?? ""));
}

/** @param {KeyboardEvent} event @returns {Line | undefined} */
export function lineFor(event) {
  if (event.ctrlKey || event.metaKey || event.altKey) return undefined;
  const key = plainKey(event);
  const shift = event.shiftKey && key !== "?";
  return KEYS.find((line) => line.key === key && Boolean(line.shift) === shift);
}

/** The key without what Shift makes of it, as far as the table tells the two apart. @param {KeyboardEvent} event */
function plainKey(event) {
  const digit = /^(?:Digit|Numpad)(\d)$/.exec(event.code);
  if (digit) return digit[1];
  if (event.key === "<") return ",";
  if (event.key === ">") return ".";
  return event.key.toLowerCase();
}

/**
 * Whether the key belongs to the element that has the focus: text is typed, and a control that was reached by keyboard
 * is worked by keyboard.
 * @param {KeyboardEvent} event
 */
export function isForFocused(event) {
  const focused = document.activeElement;
  if (!(focused instanceof HTMLElement) || focused === document.body) return false;
  if (focused.matches("input, textarea, select, [contenteditable]")) return true;
  if (focused.closest("dialog, [popover]")) return true;
  const works = [" ", "Enter"].includes(event.key) && focused.matches("button, a[href], summary");
  const moves = event.key.startsWith("Arrow") && !event.shiftKey && focused.matches("[role=radio], [role=slider]");
  return works || moves;
}

/** Write the caps onto everything inside `root` that does what a key does. @param {ParentNode} root */
export function labelKeys(root) {
  for (const node of root.querySelectorAll("[data-action]")) {
    const line = lineOf(node.getAttribute("data-action") ?? "", node.getAttribute("data-arg") ?? undefined);
    if (!line || node.querySelector("kbd")) continue;
    node.setAttribute("aria-keyshortcuts", shortcutOf(line));
    node.append(capNode(line));
  }
}

/** @param {Line} line @returns {HTMLElement} */
export function capNode(line) {
  const cap = document.createElement("kbd");
  cap.textContent = capOf(line);
  cap.setAttribute("aria-hidden", "true");
  return cap;
}

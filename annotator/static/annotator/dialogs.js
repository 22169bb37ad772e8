/** The map of keys, made from the table itself, and the instructions. */
import { KEYS, capNode } from "./keys.js";

/** @param {HTMLElement} body @returns {void} */
export function fillKeyMap(body) {
  for (const group of new Set(KEYS.map((line) => line.group))) {
    const section = document.createElement("section");
    const title = document.createElement("h3");
    title.textContent = group;
    const list = document.createElement("dl");
    for (const line of KEYS.filter((other) => other.group === group)) {
      const cap = document.createElement("dt");
      const node = capNode(line);
      node.removeAttribute("aria-hidden");
      cap.append(node);
      const says = document.createElement("dd");
      says.textContent = line.says;
      list.append(cap, says);
    }
    section.append(title, list);
    body.append(section);
  }
}

/** @param {HTMLDialogElement} dialog @param {string} key that opens it and closes it again */
export function prepareDialog(dialog, key) {
  for (const button of dialog.querySelectorAll("[data-close]")) button.addEventListener("click", () => dialog.close());
  dialog.addEventListener("click", (event) => event.target === dialog && dialog.close());
  dialog.addEventListener("keydown", (event) => {
    if (event.key.toLowerCase() !== key) return;
    event.preventDefault();
    event.stopPropagation();
    dialog.close();
  });
  dialog.addEventListener("close", () => {
    for (const video of dialog.querySelectorAll("video")) video.pause();
  });
}

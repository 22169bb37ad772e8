/**
 * One tab at a time works on a study: two would get the same pair, and one of the two answers would not count.
 * Without locks (no HTTPS) every tab works.
 *
 * @param {string} name of what only one tab may do
 * @param {object} hear
 * @param {() => void} hear.mine this tab works
 * @param {() => void} hear.elsewhere another tab does, or has taken over
 * @returns {{takeOver: () => void}}
 */
export function oneTab(name, { mine, elsewhere }) {
  const { locks } = navigator;
  /** @param {LockOptions} options */
  const ask = (options) =>
    locks
      .request(name, options, (lock) => {
        if (!lock) return elsewhere();
        mine();
        return new Promise(() => {}); // Held until the page is gone.
      })
      .catch(elsewhere); // Stolen by another tab.
  if (locks) void ask({ ifAvailable: true });
  else mine();
  return { takeOver: () => void ask({ steal: true }) };
}

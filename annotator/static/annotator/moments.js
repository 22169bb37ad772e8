/** Moments of strips and where they lie across them. Pure arithmetic: nothing here reads the page. */

/** Two moments closer than this are one: far below a frame, far above the rounding of doubles. */
const EPSILON = 1e-6;

/**
 * @param {number} time seconds @param {number[]} moments seconds, ascending
 * @returns {number} index of the moment that this time belongs to: the last one that has come
 */
export function momentAt(time, moments) {
  const later = moments.findIndex((moment) => moment > time + EPSILON);
  return Math.max(later === -1 ? moments.length - 1 : later - 1, 0);
}

/**
 * The moment to go to from a time: the next one, or the one before.
 * @param {number} time seconds @param {number[]} moments @param {number} step +1 or -1 @returns {number} index
 */
export function momentFrom(time, moments, step) {
  const on = moments.findIndex((moment) => moment > time + EPSILON);
  if (step > 0) return on === -1 ? moments.length - 1 : on;
  return Math.max(moments.findLastIndex((moment) => moment < time - EPSILON), 0);
}

/**
 * Where a time lies across a strip: each moment in the middle of its crop, and evenly between two of them.
 * @param {number} time seconds @param {number[]} moments @param {number} duration of the pair, seconds
 * @returns {number} 0 to 1
 */
export function placeOf(time, moments, duration) {
  const at = momentAt(time, moments);
  const next = moments[at + 1] ?? Math.max(duration, moments[at] + EPSILON);
  const width = at + 1 < moments.length ? 1 : 0.5;
  const part = Math.min(Math.max((time - moments[at]) / (next - moments[at]), 0), 1);
  return (at + 0.5 + part * width) / moments.length;
}

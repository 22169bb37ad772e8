/**
 * A similarity curve as a small picture: the own similarity, the nearest other person's (dashed), the limit above which
 * it is the person, and a cross where two people were taken for each other. It lies under a strip and has its scale.
 *
 * @typedef {object} Curve
 * @property {number[]} times  seconds
 * @property {number[]} own
 * @property {number[]} other  empty when nobody else should be there
 * @property {boolean[]} swapped
 * @property {number} threshold
 * @property {number | null} similarity  mean
 *
 * @typedef {{low: number, high: number}} Scale  Similarity at the bottom and at the top.
 */

const SVG = "http://www.w3.org/2000/svg";

/** A face that was not measured for longer than this is not joined up, seconds. */
const GAP = 1;

/** @param {(Curve | null)[]} curves @returns {Scale} one for all of them, so that they can be compared by eye */
export function commonScale(curves) {
  const values = curves.flatMap((curve) => (curve ? [...curve.own, ...curve.other, curve.threshold] : []));
  const [low, high] = [Math.min(...values, 1), Math.max(...values, 0)];
  const air = Math.max((high - low) * 0.06, 0.02);
  return { low: low - air, high: high + air };
}

/**
 * @param {Curve} curve @param {Scale} scale @param {(time: number) => number} placeOf 0 to 1
 * @returns {Node[]} what lies over one another to make the picture
 */
export function sparkline(curve, scale, placeOf) {
  const heightOf = (/** @type {number} */ value) => 1 - (value - scale.low) / (scale.high - scale.low);
  const picture = svg("svg", { viewBox: "0 0 1000 100", preserveAspectRatio: "none", "aria-hidden": "true" });
  const points = (/** @type {number[]} */ values) =>
    values.map((value, n) => ({ time: curve.times[n], x: placeOf(curve.times[n]) * 1000, y: heightOf(value) * 100 }));
  const limit = heightOf(curve.threshold) * 100;
  picture.append(svg("line", { class: "wb-curve-limit", x1: "0", x2: "1000", y1: String(limit), y2: String(limit) }));
  if (curve.other.length) picture.append(svg("path", { class: "wb-curve-other", d: path(points(curve.other)) }));
  picture.append(svg("path", { class: "wb-curve-own", d: path(points(curve.own)) }));
  const swaps = curve.times.flatMap((time, n) => (curve.swapped[n] ? [cross(placeOf(time), heightOf(curve.own[n]))] : []));
  return [picture, ...swaps, figure(curve)];
}

/** In words, for whoever does not see it. @param {Curve} curve @returns {string} */
export function told(curve) {
  const below = curve.own.filter((value) => value < curve.threshold).length;
  const swaps = curve.swapped.filter(Boolean).length;
  return [
    curve.similarity === null ? "" : `mean similarity ${curve.similarity.toFixed(2)}`,
    `${below} of ${curve.own.length} samples under the limit ${curve.threshold.toFixed(2)}`,
    swaps ? `${swaps} swapped` : "",
  ].filter(Boolean).join(", ");
}

/** @param {{time: number, x: number, y: number}[]} points */
function path(points) {
  return points
    .map(({ time, x, y }, n) => `${n && time - points[n - 1].time <= GAP ? "L" : "M"}${x.toFixed(1)} ${y.toFixed(1)}`)
    .join("");
}

/** Not in the picture, which is stretched. @param {number} x 0 to 1 @param {number} y 0 to 1 */
function cross(x, y) {
  const node = document.createElement("span");
  node.className = "wb-curve-swap";
  node.textContent = "×";
  node.style.left = `${(x * 100).toFixed(2)}%`;
  node.style.top = `${(y * 100).toFixed(1)}%`;
  return node;
}

/** @param {Curve} curve */
function figure(curve) {
  const node = document.createElement("span");
  node.className = "wb-curve-figure";
  node.textContent = curve.similarity === null ? "" : curve.similarity.toFixed(2);
  return node;
}

/** @param {string} name @param {Record<string, string>} attributes */
function svg(name, attributes) {
  const node = document.createElementNS(SVG, name);
  for (const [key, value] of Object.entries(attributes)) node.setAttribute(key, value);
  return node;
}

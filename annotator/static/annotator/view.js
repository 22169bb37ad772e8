/**
 * Where a frame lands on a canvas: fitted whole, then zoomed about a point that both sides share.
 *
 * @typedef {object} View
 * @property {number} zoom  1 shows all of the frame
 * @property {number} x     centre, as a share of the frame's width
 * @property {number} y     centre, as a share of its height
 *
 * @typedef {{width: number, height: number}} Size  Pixels.
 * @typedef {{sx: number, sy: number, sw: number, sh: number, dx: number, dy: number, dw: number, dh: number}} Placement
 */

export const ZOOM = Object.freeze({ least: 1, most: 8 });

/**
 * @param {View} view @param {Size} frame @param {Size} canvas
 * @returns {Placement} arguments of drawImage: the part of the frame that is seen, and where it goes
 */
export function place(view, frame, canvas) {
  const scale = Math.min(canvas.width / frame.width, canvas.height / frame.height) * view.zoom;
  const sw = Math.min(frame.width, canvas.width / scale);
  const sh = Math.min(frame.height, canvas.height / scale);
  const sx = clamp(view.x * frame.width - sw / 2, 0, frame.width - sw);
  const sy = clamp(view.y * frame.height - sh / 2, 0, frame.height - sh);
  const dw = sw * scale;
  const dh = sh * scale;
  return { sx, sy, sw, sh, dx: (canvas.width - dw) / 2, dy: (canvas.height - dh) / 2, dw, dh };
}

/**
 * Zoom so that the point under the pointer stays where it is.
 * @param {View} view @param {number} factor @param {Size} frame @param {Size} canvas
 * @param {{x: number, y: number}} pointer pixels on the canvas @returns {View}
 */
export function zoomAbout(view, factor, frame, canvas, pointer) {
  const before = place(view, frame, canvas);
  const zoom = clamp(view.zoom * factor, ZOOM.least, ZOOM.most);
  const px = before.sx + ((pointer.x - before.dx) / before.dw) * before.sw;
  const py = before.sy + ((pointer.y - before.dy) / before.dh) * before.sh;
  const scale = Math.min(canvas.width / frame.width, canvas.height / frame.height) * zoom;
  const centreX = px - (pointer.x - canvas.width / 2) / scale;
  const centreY = py - (pointer.y - canvas.height / 2) / scale;
  return within({ zoom, x: centreX / frame.width, y: centreY / frame.height });
}

/** @param {View} view @param {number} dx share of what is seen @param {number} dy @returns {View} */
export function pan(view, dx, dy) {
  return within({ zoom: view.zoom, x: view.x + dx / view.zoom, y: view.y + dy / view.zoom });
}

/** The centre stays where the frame's edge cannot come inside the picture. @param {View} view @returns {View} */
function within(view) {
  const half = 0.5 / view.zoom;
  return { zoom: view.zoom, x: clamp(view.x, half, 1 - half), y: clamp(view.y, half, 1 - half) };
}

/** @param {number} value @param {number} least @param {number} most */
function clamp(value, least, most) {
  return Math.min(Math.max(value, least), Math.max(least, most));
}

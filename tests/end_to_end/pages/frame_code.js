/** Reads datasets.media.frame_code off a painted canvas, at the centres of its blocks. */
const INDEX_BITS = 16;
const CHECK_BITS = 5;
const BLOCKS = 2 + INDEX_BITS + CHECK_BITS;
const STRIP_SHARE = 1 / 18;

/**
 * @param {HTMLCanvasElement} canvas @param {{width: number, height: number}} frame shown whole, fitted and centred
 * @returns {number | null}
 */
export function readFrameCode(canvas, frame) {
  const scale = Math.min(canvas.width / frame.width, canvas.height / frame.height);
  const width = frame.width * scale;
  const height = frame.height * scale;
  const left = (canvas.width - width) / 2;
  const top = (canvas.height - height) / 2;
  const row = Math.floor(top + height * (1 - STRIP_SHARE / 2));
  const pixels = canvas.getContext("2d").getImageData(0, row, canvas.width, 1).data;
  const bits = [];
  for (let block = 0; block < BLOCKS; block += 1) {
    const x = Math.floor(left + ((block + 0.5) * width) / BLOCKS);
    const luma = (pixels[4 * x] + pixels[4 * x + 1] + pixels[4 * x + 2]) / 3;
    if (luma > 85 && luma < 170) return null;
    bits.push(luma >= 170 ? 1 : 0);
  }
  const index = number(bits.slice(2, 2 + INDEX_BITS));
  const ones = bits.slice(2, 2 + INDEX_BITS).filter(Boolean).length;
  return bits[0] === 1 && bits[1] === 0 && number(bits.slice(2 + INDEX_BITS)) === ones ? index : null;
}

/** @param {number[]} bits most significant first */
function number(bits) {
  return bits.reduce((sum, bit) => 2 * sum + bit, 0);
}

// Filmstrips: an element with data-filmstrip="url" (a sprite of 12 equal tiles) shows the tile under the pointer.
// By keyboard: the left and right arrows while the card's link has the focus; leaving it shows the poster again.

const TILES = 12;
const strips = new WeakMap();

const thumbOf = (node) => {
  const card = node.closest?.(".clip-card, [data-filmstrip]");
  return card?.matches("[data-filmstrip]") ? card : card?.querySelector("[data-filmstrip]");
};

function stripOf(thumb) {
  let strip = strips.get(thumb);
  if (!strip) {
    const image = new Image();
    image.src = thumb.dataset.filmstrip;
    strip = { image, tile: -1, canvas: null };
    image.addEventListener("load", () => strip.tile >= 0 && paint(thumb, strip), { once: true });
    strips.set(thumb, strip);
  }
  return strip;
}

/** Paint one tile whole, whatever its shape is: a tall clip stands in the middle of a wide frame. */
function paint(thumb, strip) {
  const { image, tile } = strip;
  if (!image.complete || !image.naturalWidth) return;
  const width = image.naturalWidth / TILES;
  if (!strip.canvas?.isConnected) {
    strip.canvas = document.createElement("canvas");
    strip.canvas.width = width;
    strip.canvas.height = image.naturalHeight;
    Object.assign(strip.canvas.style, { position: "absolute", inset: "0", width: "100%", height: "100%", objectFit: "contain" });
    strip.canvas.style.background = getComputedStyle(thumb).backgroundColor;
    const tag = thumb.querySelector(".thumb-tag");
    tag ? tag.before(strip.canvas) : thumb.append(strip.canvas);
  }
  strip.canvas.getContext("2d").drawImage(image, tile * width, 0, width, image.naturalHeight, 0, 0, strip.canvas.width, strip.canvas.height);
}

function show(thumb, tile) {
  const strip = stripOf(thumb);
  if (tile === strip.tile && strip.canvas?.isConnected) return;
  strip.tile = Math.max(0, Math.min(TILES - 1, tile));
  paint(thumb, strip);
}

function rest(thumb) {
  const strip = strips.get(thumb);
  if (!strip) return;
  strip.tile = -1;
  strip.canvas?.remove();
}

let shown = null;

document.addEventListener("pointermove", (event) => {
  if (event.pointerType === "touch") return;
  const thumb = thumbOf(event.target);
  if (shown && shown !== thumb) rest(shown);
  shown = thumb ?? null;
  if (!thumb) return;
  const box = thumb.getBoundingClientRect();
  show(thumb, Math.floor(((event.clientX - box.left) / box.width) * TILES));
});

document.addEventListener("keydown", (event) => {
  const step = { ArrowLeft: -1, ArrowRight: 1 }[event.key];
  const thumb = step && event.target.matches("a") && thumbOf(event.target);
  if (!thumb || event.altKey || event.ctrlKey || event.metaKey) return;
  event.preventDefault();
  show(thumb, Math.max(0, stripOf(thumb).tile + step));
});

document.addEventListener("focusout", (event) => {
  const thumb = thumbOf(event.target);
  if (thumb) rest(thumb);
});

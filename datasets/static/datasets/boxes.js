// Boxes with names on a canvas that lies over a video. Colours are the stylesheet's, each box also has its name.

const PAD = 5;
const FONT = "600 12px Inter, system-ui, sans-serif";
const SMALL = "500 11px Inter, system-ui, sans-serif";
const NOBODY = "#c9ced6";

// Where the picture lies in the video element, which may be higher or wider than it.
function pictureIn(video, size) {
  const { clientWidth, clientHeight } = video;
  const scale = Math.min(clientWidth / size.width, clientHeight / size.height);
  return {
    scale,
    x: (clientWidth - size.width * scale) / 2,
    y: (clientHeight - size.height * scale) / 2,
  };
}

// The plots' colours are made for a page; over film the lighter ones of the dark theme are seen best.
const COLOURS = { 1: "#7fb0ff", 2: "#ffb454", 3: "#5fd6c6", 4: "#d3d9e2" };

export function drawBoxes(canvas, video, size, boxes) {
  const ratio = window.devicePixelRatio || 1;
  const { clientWidth: width, clientHeight: height } = video;
  canvas.width = Math.round(width * ratio);
  canvas.height = Math.round(height * ratio);
  canvas.dataset.shown = boxes.map(({ name }) => name).join(", ");
  if (!size || !boxes.length) return;
  const context = canvas.getContext("2d");
  context.scale(ratio, ratio);
  const picture = pictureIn(video, size);
  for (const each of boxes) drawBox(context, each, picture, width);
}

function drawBox(context, { box, name, note, series, isChosen, isSure }, { scale, x, y }, width) {
  const [left, top, right, bottom] = box.map((value, i) => value * scale + (i % 2 ? y : x));
  const colour = COLOURS[series] ?? NOBODY;
  context.setLineDash(isSure ? [] : [5, 4]);
  context.strokeStyle = "rgb(0 0 0 / 0.55)";
  context.lineWidth = isChosen ? 5 : 3.5;
  outline(context, left, top, right, bottom);
  context.strokeStyle = colour;
  context.lineWidth = isChosen ? 3 : 1.75;
  outline(context, left, top, right, bottom);
  context.setLineDash([]);
  label(context, { name, note, colour, isFilled: Boolean(series) }, left, top, width);
}

function outline(context, left, top, right, bottom) {
  context.beginPath();
  context.roundRect(left, top, right - left, bottom - top, 4);
  context.stroke();
}

function label(context, { name, note, colour, isFilled }, left, top, width) {
  context.font = FONT;
  const nameWidth = context.measureText(name).width;
  context.font = SMALL;
  const noteWidth = note ? context.measureText(note).width + PAD : 0;
  const wide = nameWidth + noteWidth + 2 * PAD;
  const x = Math.max(0, Math.min(width - wide, left - 1));
  const y = Math.max(0, top - 21);
  context.fillStyle = isFilled ? colour : "rgb(12 13 16 / 0.78)";
  context.beginPath();
  context.roundRect(x, y, wide, 18, 4);
  context.fill();
  context.fillStyle = isFilled ? "#101216" : "#eceef2";
  context.textBaseline = "middle";
  context.font = FONT;
  context.fillText(name, x + PAD, y + 9.5);
  context.font = SMALL;
  if (note) context.fillText(note, x + 2 * PAD + nameWidth, y + 9.5);
}

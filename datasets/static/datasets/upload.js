// Uploads: files dropped or chosen go up two at a time, each with its own progress and its own sentence.
// When a file is up, its clip is asked for until it is ready or refused.

const AT_ONCE = 2;
const ASK_EVERY_MS = 1500;
const FINAL = new Set(["ready", "stored", "refused", "known", "stuck", "failed"]);

const zone = document.querySelector("[data-upload]");
const facts = document.getElementById("upload-facts");
const panel = document.querySelector("[data-uploads-panel]");
const list = document.querySelector("[data-uploads]");
const summary = document.querySelector("[data-uploads-summary]");
const template = document.querySelector("[data-upload-row]");
const maxBytes = Number(zone.dataset.maxBytes);

const WORDS = {
  waiting: ["waiting", ""],
  sending: ["sending", "badge--accent"],
  pending: ["being prepared", "badge--paused"],
  ready: ["ready", "badge--open"],
  stored: ["there", "badge--open"],
  known: ["there already", ""],
  refused: ["refused", "badge--error"],
  stuck: ["not prepared", "badge--error"],
  failed: ["not sent", "badge--error"],
};

const rows = [];
let sending = 0;

function makeRow(file) {
  const node = template.content.firstElementChild.cloneNode(true);
  node.querySelector("[data-name]").textContent = file.name;
  list.append(node);
  const row = { file, node, progress: node.querySelector("progress"), state: "waiting", url: "", statusUrl: "" };
  rows.push(row);
  return row;
}

function setState(row, state, sentence = "") {
  row.state = state;
  const [word, look] = WORDS[state];
  const badge = row.node.querySelector("[data-state]");
  badge.textContent = word;
  badge.className = `badge badge--dot ${look}`;
  row.node.querySelector("[data-sentence]").textContent = sentence;
  row.progress.classList.toggle("is-over", FINAL.has(state));
  if (row.url && !row.node.querySelector("a")) {
    const link = document.createElement("a");
    link.href = row.url;
    link.textContent = row.file.name;
    row.node.querySelector("[data-name]").replaceChildren(link);
  }
  summarise();
}

function summarise() {
  const done = rows.filter((row) => FINAL.has(row.state)).length;
  const bad = rows.filter((row) => ["refused", "stuck", "failed"].includes(row.state)).length;
  summary.textContent = `${done} of ${rows.length} done${bad ? `, ${bad} not usable` : ""}`;
}

function take(files) {
  panel.hidden = false;
  for (const file of files) {
    const row = makeRow(file);
    if (file.size === 0) setState(row, "refused", `${file.name} is empty (0 bytes).`);
    else if (file.size > maxBytes) setState(row, "refused", `${file.name} is larger than an upload may be.`);
    else setState(row, "waiting");
  }
  sendNext();
}

function sendNext() {
  while (sending < AT_ONCE) {
    const row = rows.find((each) => each.state === "waiting");
    if (!row) return;
    send(row);
  }
}

function send(row) {
  sending += 1;
  setState(row, "sending");
  const body = new FormData(facts);
  // Of a chosen folder: where in it the file lies, which is how a manifest calls it. Without the folder's own name.
  const inside = row.file.webkitRelativePath?.split("/").slice(1).join("/");
  if (inside) body.append("path", inside);
  body.append("file", row.file);
  const request = new XMLHttpRequest();
  request.open("POST", zone.dataset.upload);
  request.responseType = "json";
  request.setRequestHeader("X-CSRFToken", facts.elements.csrfmiddlewaretoken.value);
  request.upload.addEventListener("progress", (event) => {
    if (event.lengthComputable) row.progress.value = (100 * event.loaded) / event.total;
  });
  request.addEventListener("loadend", () => {
    sending -= 1;
    answer(row, request);
    sendNext();
    // All are up: what waits for that goes on by itself.
    if (rows.every((each) => FINAL.has(each.state))) document.querySelector("[data-after-uploads]")?.click();
  });
  request.send(body);
}

function answer(row, request) {
  const reply = request.response;
  if (!reply?.state) {
    setState(row, "failed", request.status ? `The server answered ${request.status}.` : "The connection was lost. Add the file again.");
    return;
  }
  row.url = reply.url ?? "";
  row.statusUrl = reply.status_url ?? "";
  setState(row, reply.state, reply.message);
  if (reply.state === "pending") {
    row.progress.removeAttribute("value");
    setTimeout(ask, ASK_EVERY_MS, row);
  }
}

async function ask(row) {
  try {
    const reply = await fetch(row.statusUrl, { headers: { Accept: "application/json" } });
    if (!reply.ok) throw new Error(reply.statusText);
    const { state, message, percent } = await reply.json();
    if (percent !== null && state === "pending") row.progress.value = percent;
    if (state !== row.state || message) setState(row, state, message);
  } catch {
    // The server is away for a moment: what was sent is there, so asking goes on.
  }
  if (row.state === "pending") setTimeout(ask, ASK_EVERY_MS, row);
}

zone.addEventListener("dragover", (event) => {
  event.preventDefault();
  zone.classList.add("is-over");
});
zone.addEventListener("dragleave", (event) => {
  if (!zone.contains(event.relatedTarget)) zone.classList.remove("is-over");
});
zone.addEventListener("drop", (event) => {
  event.preventDefault();
  zone.classList.remove("is-over");
  take(event.dataTransfer.files);
});
for (const input of zone.querySelectorAll("input[type=file]")) {
  input.addEventListener("change", (event) => {
    take([...event.target.files]);
    event.target.value = "";
  });
}
// A file that misses the zone must not replace the page.
for (const kind of ["dragover", "drop"]) window.addEventListener(kind, (event) => event.preventDefault());
window.addEventListener("beforeunload", (event) => {
  if (rows.some((row) => row.state === "sending" || row.state === "waiting")) event.preventDefault();
});
facts.addEventListener("submit", (event) => event.preventDefault());

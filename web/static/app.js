// Adds to the pages what HTML alone cannot do: dragging files onto the page,
// progress of uploads, and rows that change by themselves. Without it the form
// posts and the pages reload.
"use strict";

const form = document.getElementById("upload");
const uploads = document.getElementById("uploads");

function send(file) {
  const line = document.createElement("p");
  const bar = document.createElement("progress");
  bar.max = 1;
  bar.value = 0;
  bar.setAttribute("aria-label", file.name);
  const text = document.createElement("span");
  text.textContent = file.name;
  line.append(bar, text);
  uploads.append(line);
  return new Promise((done) => {
    const request = new XMLHttpRequest();
    request.open("POST", "/api/v1/deliveries?name=" + encodeURIComponent(file.name));
    request.setRequestHeader("Content-Type", "application/octet-stream");
    request.responseType = "json";
    request.upload.onprogress = (e) => { if (e.lengthComputable) bar.value = e.loaded / e.total; };
    request.onloadend = () => {
      bar.remove();
      const answer = request.response || {};
      if (request.status === 201) {
        const word = answer.duplicate_of ? uploads.dataset.twice : uploads.dataset.done;
        text.textContent = `✓ ${word}: ${answer.journal} ${file.name}`;
      } else {
        const lang = document.documentElement.lang;
        const why = answer.text ? answer.text[lang] : "";
        text.textContent = `✕ ${uploads.dataset.failed}: ${file.name}. ${why}`;
        line.className = "reason";
      }
      done();
      refresh();
    };
    request.send(file);
  });
}

// One after the other: a hundred files at once would only wait for each other.
let queue = Promise.resolve();
function sendAll(files) {
  for (const file of files) queue = queue.then(() => send(file));
}

if (form && uploads) {
  form.addEventListener("submit", (e) => {
    e.preventDefault();
    const input = form.querySelector("input[type=file]");
    sendAll(input.files);
    input.value = "";
  });
  for (const name of ["dragenter", "dragover"]) {
    document.addEventListener(name, (e) => { e.preventDefault(); form.classList.add("over"); });
  }
  for (const name of ["dragleave", "drop"]) {
    document.addEventListener(name, (e) => { e.preventDefault(); form.classList.remove("over"); });
  }
  document.addEventListener("drop", (e) => sendAll(e.dataTransfer.files));
}

// The server makes the rows; the script only puts the new ones in their place.
const live = document.getElementById("live");
let pending = null;
function refresh() {
  if (!live || pending) return;
  pending = setTimeout(async () => {
    pending = null;
    const answer = await fetch("/", { headers: { Accept: "text/html" } });
    if (!answer.ok) return;
    const page = new DOMParser().parseFromString(await answer.text(), "text/html");
    for (const part of ["#live tbody", ".tiles"]) {
      const fresh = page.querySelector(part), old = document.querySelector(part);
      if (fresh && old && fresh.innerHTML !== old.innerHTML && !old.contains(document.activeElement)) old.innerHTML = fresh.innerHTML;
    }
  }, 250);
}

if (live) {
  const events = new EventSource("/api/v1/events");
  events.onmessage = (e) => {
    const p = JSON.parse(e.data);
    const step = live.querySelector(`tr[data-doc="${CSS.escape(p.doc)}"] .step`);
    if (step && p.total) step.dataset.done = `${p.done}/${p.total}`;
    if (!p.done) refresh();
  };
}

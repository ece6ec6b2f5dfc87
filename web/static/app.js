// Adds to the pages what HTML alone cannot do: dragging files onto the page,
// progress of uploads, and rows that change by themselves. Without it the form
// posts and the pages reload.
"use strict";

const form = document.getElementById("upload");
const uploads = document.getElementById("uploads");
const counts = { all: 0, done: 0 };

function line(sign, kind, text, link) {
  const p = document.createElement("p");
  p.className = "up " + kind;
  const icon = document.createElement("span");
  icon.setAttribute("aria-hidden", "true");
  icon.textContent = sign + " ";
  const words = document.createElement("span");
  words.textContent = text;
  p.append(icon, words);
  if (link) {
    const a = document.createElement("a");
    a.href = link.href;
    a.textContent = link.text;
    p.append(" ", a);
  }
  return p;
}

function send(file) {
  const say = uploads.dataset;
  const row = line("…", "busy", file.name);
  const bar = document.createElement("progress");
  bar.max = 1;
  bar.value = 0;
  bar.setAttribute("aria-label", file.name);
  row.append(" ", bar);
  uploads.prepend(row);
  const language = form.elements.language;
  const where = new URLSearchParams({ name: file.name });
  if (language) where.set("language", language.value);
  for (const box of form.querySelectorAll("input[name=paper]:checked")) where.append("paper", box.value);
  return new Promise((done) => {
    function end(sign, kind, text, link) {
      row.replaceWith(line(sign, kind, text, link));
      sum();
      refresh();
      done();
    }
    if (file.size > Number(form.dataset.max)) {
      end("✕", "bad", `${say.failed}: ${file.name}. ${say.large}`);
      return;
    }
    const request = new XMLHttpRequest();
    request.open("POST", "/api/v1/deliveries?" + where);
    request.setRequestHeader("Content-Type", "application/octet-stream");
    request.responseType = "json";
    request.upload.onprogress = (e) => { if (e.lengthComputable) bar.value = e.loaded / e.total; };
    request.onloadend = () => {
      const answer = request.response || {};
      const link = answer.id && { href: "/letters/" + encodeURIComponent(answer.id), text: `${answer.journal || ""} ${file.name}` };
      if (request.status === 201) {
        counts.done++;
        if (answer.duplicate_of) end("=", "ask", say.twice + ":", link);
        else end("✓", "good", say.done + ":" + (link ? "" : " " + file.name), link);
      } else {
        const why = request.status === 0 ? say.lost : answer.text ? answer.text[document.documentElement.lang] : "";
        end("✕", "bad", `${say.failed}: ${file.name}. ${why}`);
      }
    };
    request.send(file);
  });
}

// sum tells once what became of many files, so that nobody has to count.
function sum() {
  if (counts.all < 2) return;
  let p = document.getElementById("upload-sum");
  if (!p) {
    p = document.createElement("p");
    p.id = "upload-sum";
    uploads.before(p);
  }
  p.textContent = uploads.dataset.sum.replace("{done}", counts.done).replace("{all}", counts.all);
}

// One after the other: a hundred files at once would only wait for each other.
let queue = Promise.resolve();
function sendAll(files) {
  counts.all += files.length;
  for (const file of files) queue = queue.then(() => send(file));
}

if (form && uploads) {
  const inputs = [...form.querySelectorAll("input[type=file]")];
  const take = (input) => { const files = [...input.files]; input.value = ""; sendAll(files); };
  form.addEventListener("submit", (e) => {
    if (!inputs.some((i) => i.files.length)) return; // the server says what is missing
    e.preventDefault();
    inputs.forEach(take);
  });
  // What is photographed goes off at once: one tap less on the phone.
  const camera = document.getElementById("camera");
  if (camera) camera.addEventListener("change", () => take(camera));
  for (const name of ["dragenter", "dragover"]) {
    document.addEventListener(name, (e) => { e.preventDefault(); form.classList.add("over"); });
  }
  for (const name of ["dragleave", "drop"]) {
    document.addEventListener(name, (e) => { e.preventDefault(); form.classList.remove("over"); });
  }
  document.addEventListener("drop", (e) => sendAll(e.dataTransfer.files));
}

// The server makes the rows; the script only puts the new ones in their place.
// A part says of itself that it lives: data-live holds the address it comes from.
const live = document.querySelectorAll("[data-live]");
let pending = null;
function refresh() {
  if (!live.length || pending) return;
  pending = setTimeout(async () => {
    pending = null;
    const answer = await fetch(live[0].dataset.live, { headers: { Accept: "text/html" } });
    if (!answer.ok) return;
    const page = new DOMParser().parseFromString(await answer.text(), "text/html");
    for (const old of document.querySelectorAll("[data-live]")) {
      const fresh = page.getElementById(old.id);
      if (fresh && fresh.innerHTML !== old.innerHTML && !old.contains(document.activeElement)) old.innerHTML = fresh.innerHTML;
    }
  }, 250);
}

if (live.length) {
  const events = new EventSource("/api/v1/events");
  events.onmessage = (e) => {
    const p = JSON.parse(e.data);
    const step = document.querySelector(`[data-doc="${CSS.escape(p.doc)}"] .step`);
    if (step && p.total) step.dataset.done = `${p.done ?? 0}/${p.total}`; // at the start it is left out
    if (!p.done) refresh();
  };
}

// The review tray with one hand on the keyboard: digits answer, letters search,
// the next letter is there before it is needed. Without this script the same
// forms post and the pages reload.
"use strict";

(() => {
  const status = document.getElementById("done");
  if (!status || !document.getElementById("task")) return;
  const say = status.dataset;
  const undoable = []; // what was decided here, the last one last
  let next; // promise of the task after this one, or null

  const task = () => document.getElementById("task");

  async function load(path) {
    const answer = await fetch(path, { headers: { Accept: "text/html" } });
    if (!answer.ok) throw new Error(answer.status);
    return taskOf(await answer.text());
  }

  // Importing the node starts loading its picture, so that it is there at once.
  function taskOf(html) {
    const page = new DOMParser().parseFromString(html, "text/html");
    const fresh = page.getElementById("task");
    return fresh && document.importNode(fresh, true);
  }

  function prefetch() {
    const here = task().dataset;
    next = here.letter ? load("/review?after=" + encodeURIComponent(here.after)).catch(() => null) : Promise.resolve(null);
  }

  function show(fresh) {
    task().replaceWith(fresh);
    const id = fresh.dataset.letter;
    history.replaceState(null, "", id ? "/review?letter=" + encodeURIComponent(id) : "/review");
    const language = document.querySelector("a.language"); // leads to this very task, too
    const lang = new URLSearchParams(language.search).get("lang");
    language.search = new URLSearchParams(id ? { letter: id, lang } : { lang });
    prepare();
  }

  // tell writes into the line that says what became of the last letter.
  function tell(icon, text, ...more) {
    const p = document.createElement("p");
    const sign = document.createElement("span");
    sign.setAttribute("aria-hidden", "true");
    sign.textContent = icon + " ";
    p.append(sign, text);
    status.replaceChildren(p, ...more);
  }

  function undoButton() {
    const button = document.createElement("button");
    button.type = "button";
    button.className = "quiet";
    button.textContent = say.undo;
    button.addEventListener("click", undo);
    return button;
  }

  async function decide(form, name, value) {
    const body = new URLSearchParams(new FormData(form));
    if (name) body.set(name, value);
    const here = task().dataset;
    if (here.sent) return; // a key pressed twice is one answer
    here.sent = "true";
    if (here.last !== "true") {
      const answer = await fetch(form.action, { method: "POST", body, headers: { Accept: "text/html" } });
      const fresh = taskOf(await answer.text());
      if (fresh) show(fresh); else location.reload();
      return;
    }
    const sent = fetch(form.action, { method: "POST", body, headers: { Accept: "application/json" } });
    tell("…", say.saving + " " + here.name);
    let fresh = await next;
    if (fresh && fresh.dataset.letter === here.letter) fresh = null;
    if (fresh) show(fresh);
    await settled(sent, here);
    if (!fresh) {
      const last = await load("/review").catch(() => null);
      if (last) show(last); else location.reload();
    } else if (!task().dataset.letter || task() === fresh) prefetch();
  }

  async function settled(sent, here) {
    let answer, told = {};
    try {
      answer = await sent;
      told = (await answer.json()) || {};
    } catch { /* told by the lines below */ }
    if (answer && answer.ok) {
      if (told.what) {
        undoable.push(told);
        tell("✓", told.undo ? `${told.journal}: ${told.what}` : `${say.done} ${told.journal}, ${told.what}`, undoButton());
      } else tell("✓", `${say.retried} ${here.name}`);
      return;
    }
    const link = document.createElement("a");
    link.href = "/review?letter=" + encodeURIComponent(here.letter);
    link.textContent = say.open;
    const why = told.text ? told.text[document.documentElement.lang] : "";
    tell("✕", `${say.failed} ${here.name}. ${why} `, link);
  }

  async function undo() {
    const last = undoable.pop();
    if (!last) return;
    const answer = await fetch(`/letters/${encodeURIComponent(last.id)}/${last.undo ? "pages/undo" : "undecide"}`, {
      method: "POST", body: new URLSearchParams(last.undo ? { undo: last.undo } : { gen: last.gen }), headers: { Accept: "application/json" },
    });
    if (!answer.ok) {
      const link = document.createElement("a");
      link.href = "/letters/" + encodeURIComponent(last.id);
      link.textContent = say.open;
      tell("✕", say.late + " ", link);
      return;
    }
    const fresh = await load((await answer.json()).next);
    show(fresh);
    tell("↶", `${say.undone} ${last.journal}`, ...(undoable.length ? [undoButton()] : []));
    prefetch();
  }

  const fold = (s) => s.toLowerCase().replace(/ä/g, "ae").replace(/ö/g, "oe").replace(/ü/g, "ue").replace(/ß/g, "ss");

  // combo puts a field to type in where the list of all types was.
  function combo(select) {
    const form = select.form, answers = task().querySelector(".answers");
    const all = [...select.querySelectorAll("option[value]:not([value=''])")].map((o) => ({
      value: o.value, text: o.textContent, group: o.parentElement.label,
      key: fold(`${o.textContent} ${o.parentElement.label} ${o.value}`),
    }));
    const input = document.createElement("input");
    const list = document.createElement("ul");
    const hint = document.createElement("p");
    Object.assign(input, { id: "answer", type: "text", autocomplete: "off", spellcheck: false });
    for (const [k, v] of Object.entries({
      role: "combobox", "aria-expanded": "false", "aria-controls": "matches", "aria-autocomplete": "list", "aria-describedby": "question why hint",
    })) input.setAttribute(k, v);
    list.id = "matches";
    list.setAttribute("role", "listbox");
    list.setAttribute("aria-label", select.dataset.label);
    list.hidden = true;
    hint.id = "hint";
    hint.className = "hint";
    hint.setAttribute("aria-live", "polite");
    hint.textContent = select.dataset.hint;
    const label = form.querySelector("label");
    label.htmlFor = "answer";
    label.textContent = select.dataset.hint;
    hint.textContent = "";
    select.replaceWith(input, list, hint);
    form.querySelector("button").hidden = true;

    let shown = [], at = 0;
    function mark() {
      [...list.children].forEach((li, i) => li.setAttribute("aria-selected", i === at));
      const active = list.children[at];
      if (active) { input.setAttribute("aria-activedescendant", active.id); active.scrollIntoView({ block: "nearest" }); }
      else input.removeAttribute("aria-activedescendant");
      hint.textContent = shown.length ? select.dataset.found.replace("{n}", shown.length).replace("{first}", shown[at].text) : "";
    }
    function filter() {
      const words = fold(input.value).split(/\s+/).filter(Boolean);
      const starts = (o) => fold(o.text).startsWith(words[0]) ? 0 : 1;
      shown = words.length ? all.filter((o) => words.every((w) => o.key.includes(w))).sort((a, b) => starts(a) - starts(b)).slice(0, 8) : [];
      at = 0;
      list.replaceChildren(...shown.map((o, i) => {
        const li = document.createElement("li");
        const group = document.createElement("small");
        group.textContent = o.group;
        li.id = "match" + i;
        li.setAttribute("role", "option");
        li.append(o.text + " ", group);
        li.addEventListener("click", () => choose(o));
        return li;
      }));
      list.hidden = !shown.length;
      input.setAttribute("aria-expanded", String(!!shown.length));
      mark();
    }
    function choose(option) { decide(form, "type", option.value); }
    form.addEventListener("submit", (e) => { e.preventDefault(); if (shown[at]) choose(shown[at]); });
    // A digit answers as soon as it is there, whatever keyboard it comes from.
    input.addEventListener("input", () => { if (digit(input.value)) input.value = ""; else filter(); });
    input.addEventListener("keydown", (e) => {
      if (e.key === "ArrowDown" || e.key === "ArrowUp") {
        if (!shown.length) return;
        e.preventDefault();
        at = (at + (e.key === "ArrowDown" ? 1 : shown.length - 1)) % shown.length;
        mark();
      } else if (e.key === "Escape") { input.value = ""; filter(); }
    });
    return input;
  }

  function page(step) {
    const tabs = [...task().querySelectorAll(".page-tabs a")];
    const at = tabs.findIndex((a) => a.getAttribute("aria-current"));
    const to = tabs[at + step];
    if (to) turn(to);
    return tabs.length > 1;
  }

  function turn(tab) {
    const figure = task().querySelector(".sheet"), img = figure.querySelector("img"), marks = figure.querySelector(".marks");
    const first = figure.dataset.first || (figure.dataset.first = task().querySelector(".page-tabs a[aria-current]").dataset.page);
    for (const a of task().querySelectorAll(".page-tabs a")) a.toggleAttribute("aria-current", false);
    tab.setAttribute("aria-current", "page");
    img.removeAttribute("width");
    img.removeAttribute("height");
    img.alt = img.alt.replace(/\d+/, tab.dataset.page);
    img.src = tab.getAttribute("href");
    img.parentElement.href = tab.getAttribute("href").replace("1600", "2400");
    if (marks) marks.toggleAttribute("hidden", tab.dataset.page !== first);
  }

  // prepare makes a task that has just come onto the page ready for the keyboard.
  function prepare() {
    const here = task();
    if (!here.dataset.letter) return;
    for (const form of here.querySelectorAll("form.answers")) {
      form.addEventListener("submit", (e) => { e.preventDefault(); decide(form, e.submitter.name, e.submitter.value); });
    }
    const select = here.querySelector("select#type"), value = here.querySelector("#value");
    if (value) value.form.addEventListener("submit", (e) => { e.preventDefault(); decide(value.form); });
    for (const tab of here.querySelectorAll(".page-tabs a")) tab.addEventListener("click", (e) => { e.preventDefault(); turn(tab); });
    const first = here.querySelector("#password") || here.querySelector(".answers button") || value;
    const focus = select ? combo(select) : first;
    if (focus) focus.focus({ preventScroll: true });
  }

  document.addEventListener("keydown", (e) => {
    const here = task(), from = e.target;
    if (!here.dataset.letter || e.altKey || e.metaKey) return;
    const typing = from.matches("input, select, textarea");
    if (e.ctrlKey) {
      if (e.key === "z" && !(typing && from.value)) { e.preventDefault(); undo(); }
      return;
    }
    // Keys of one letter work in the task alone, and never where text is typed.
    if (!from.closest(".ask")) return;
    if (e.key === "PageDown" || e.key === "PageUp") {
      if (page(e.key === "PageDown" ? 1 : -1)) e.preventDefault();
    } else if (!typing && digit(e.key)) e.preventDefault();
  });

  // digit answers with a key, or puts the letter off, and says whether it did.
  function digit(key) {
    if (!/^[0-9]$/.test(key)) return false;
    if (key === "0") { later(); return true; }
    const button = task().querySelector(`.answers [data-key="${key}"]`);
    if (button) button.form.requestSubmit(button);
    return !!button;
  }

  async function later() {
    const fresh = await next;
    if (fresh && fresh.dataset.letter && fresh.dataset.letter !== task().dataset.letter) { show(fresh); prefetch(); }
    else location.assign(task().querySelector("#later").href);
  }

  document.addEventListener("click", (e) => {
    if (e.target.id === "later") { e.preventDefault(); later(); }
  });
  prepare();
  prefetch();
})();

// The stack: pages are moved by their buttons or by dragging, and the page shows
// what came of it without a jump.
(() => {
  const stack = document.getElementById("stack");
  if (!stack) return;

  async function post(form, body) {
    const answer = await fetch(form.action, { method: "POST", body, headers: { Accept: "text/html" } });
    const page = new DOMParser().parseFromString(await answer.text(), "text/html");
    if (!page.getElementById("stack")) { // told in words on a page of its own
      document.getElementById("main").replaceWith(document.importNode(page.getElementById("main"), true));
      return;
    }
    const open = [...stack.querySelectorAll("details[open]")].map((d) => d.closest(".leaf").id);
    const at = document.activeElement.closest(".leaf");
    for (const id of ["moved", "stack"]) {
      document.getElementById(id).replaceChildren(...document.importNode(page.getElementById(id), true).childNodes);
    }
    for (const id of open) {
      const details = document.querySelector(`#${id} details`);
      if (details) details.open = true;
    }
    const again = (at && document.querySelector(`#${at.id} [value="${body.get("do")}"]`)) || (at && document.querySelector(`#${at.id} summary`));
    (again || document.getElementById("undo") || document.getElementById("main")).focus({ preventScroll: true });
  }

  document.addEventListener("submit", (e) => {
    if (!e.target.matches(".arrange")) return;
    e.preventDefault();
    const body = new URLSearchParams(new FormData(e.target));
    if (e.submitter && e.submitter.name) body.set(e.submitter.name, e.submitter.value);
    post(e.target, body);
  });

  let dragged = null;
  const leafOf = (e) => e.target.closest && e.target.closest(".leaf[draggable]");
  stack.addEventListener("dragstart", (e) => { dragged = leafOf(e); });
  stack.addEventListener("dragend", () => { dragged = null; });
  stack.addEventListener("dragover", (e) => {
    const leaf = leafOf(e);
    if (dragged && leaf && leaf !== dragged) { e.preventDefault(); leaf.classList.add("over"); }
  });
  stack.addEventListener("dragleave", (e) => { const leaf = leafOf(e); if (leaf) leaf.classList.remove("over"); });
  stack.addEventListener("drop", (e) => {
    const leaf = leafOf(e);
    if (!dragged || !leaf || leaf === dragged) return;
    e.preventDefault();
    const form = dragged.closest("form"), body = new URLSearchParams(new FormData(form));
    body.set("do", `to ${dragged.dataset.page} ${leaf.dataset.page}`);
    post(form, body);
  });
})();

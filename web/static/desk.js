"use strict";
// Keys of the department desk. All of it can be done without them, too:
//   /        to the search box
//   j, k     to the next, to the previous letter in a list
//   n, p     to the next, to the previous page of a letter
(() => {
  const typing = (e) => e.target.closest("input, select, textarea, button, [contenteditable]");
  const go = (selector) => { const link = document.querySelector(selector); if (link) link.click(); return link; };
  const step = (by) => {
    const hits = [...document.querySelectorAll("a.hit")];
    if (!hits.length) return false;
    const at = hits.indexOf(document.activeElement);
    hits[Math.min(hits.length - 1, Math.max(0, at < 0 ? 0 : at + by))].focus();
    return true;
  };
  const keys = {
    "/": () => { const q = document.getElementById("q"); if (q) { q.focus(); q.select(); } return q; },
    j: () => step(1), k: () => step(-1),
    n: () => go(".pages [rel=next]"), p: () => go(".pages [rel=prev]"),
  };
  document.addEventListener("keydown", (e) => {
    if (e.ctrlKey || e.altKey || e.metaKey || typing(e) || !keys[e.key]) return;
    if (keys[e.key]()) e.preventDefault();
  });
  // On narrow screens the facets lie under the letters, folded.
  if (matchMedia("(max-width: 48rem)").matches) for (const d of document.querySelectorAll(".facet")) d.open = false;
})();

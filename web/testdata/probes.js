// Probes look at the page that is open and give their findings, one a line;
// nothing is well. They stand for success criteria of WCAG 2.2 that axe-core
// cannot judge, since they need a size, a style or a key.
"use strict";

window.probes = (() => {
  const say = (e) => e.outerHTML.replace(/\s+/g, " ").slice(0, 120);
  const seen = (e) => e.checkVisibility({ checkOpacity: true, checkVisibilityCSS: true });
  // What is for screen readers alone is one pixel small on purpose.
  const aside = (e) => e.getBoundingClientRect().width <= 1;
  const scrolls = (e) => /auto|scroll/.test(getComputedStyle(e).overflowX);
  const all = (selector) => [...document.querySelectorAll(selector)].filter(seen);

  // 1.4.10: nothing but tables, pictures and code is scrolled sideways, each in a
  // box of its own that the keyboard reaches.
  function reflow() {
    const out = [], root = document.documentElement;
    if (root.scrollWidth > innerWidth) out.push(`the page is ${root.scrollWidth} wide on a screen of ${innerWidth}`);
    for (const e of all("body *")) {
      if (!scrolls(e) || e.scrollWidth <= e.clientWidth + 1 || e.matches("textarea, select, input")) continue;
      if (!e.querySelector("table, img, svg, code, pre")) out.push(`is scrolled sideways: ${say(e)}`);
      else if (e.tabIndex < 0) out.push(`is scrolled by no key: ${say(e)}`);
    }
    return out.join("\n");
  }

  // 1.4.4, 1.4.10, 1.4.12: no text is cut off by the box that it stands in.
  function cut() {
    const out = [];
    for (const e of all("body *")) {
      if (aside(e) || ![...e.childNodes].some((n) => n.nodeType === 3 && n.data.trim())) continue;
      const style = getComputedStyle(e);
      const hides = (axis) => /hidden|clip/.test(style[axis]);
      if (hides("overflowX") && e.scrollWidth > e.clientWidth + 1 || hides("overflowY") && e.scrollHeight > e.clientHeight + 1) out.push(`cuts its text off: ${say(e)}`);
      const box = e.getBoundingClientRect();
      if (style.display !== "inline" && (box.right > root() + 1 || box.left < -1) && !e.closest(".skip") && !inScroll(e)) out.push(`stands off the screen: ${say(e)}`);
    }
    return out.join("\n");
  }
  const root = () => document.documentElement.clientWidth;
  const inScroll = (e) => { for (let p = e.parentElement; p; p = p.parentElement) if (scrolls(p)) return true; return false; };

  // 1.4.12: the spacing that readers may choose for themselves.
  const spacing = new CSSStyleSheet();
  spacing.replaceSync("* { line-height: 1.5 !important; letter-spacing: .12em !important; word-spacing: .16em !important; } p { margin-bottom: 2em !important; }");
  function spaced(on) { document.adoptedStyleSheets = on ? [spacing] : []; }

  // 2.3.3: nothing moves for those who ask for that.
  function still() {
    const moves = (e) => /[1-9]/.test(getComputedStyle(e).transitionDuration) || /[1-9]/.test(getComputedStyle(e).animationDuration);
    return all("body *").filter(moves).map((e) => `moves: ${say(e)}`).concat(document.getAnimations().map((a) => `is in motion: ${say(a.effect.target)}`)).join("\n");
  }

  // 1.4.11 under forced colours: what is pressed or typed into keeps an edge.
  function edges() {
    return all("button, input:not([type=checkbox], [type=radio], [type=hidden], [type=file]), select, textarea")
      .filter((e) => parseFloat(getComputedStyle(e).borderTopWidth) < 1 && !/underline/.test(getComputedStyle(e).textDecorationLine))
      .map((e) => `has no edge: ${say(e)}`).join("\n");
  }

  // 2.1.1, 2.4.7, 2.4.11: the tab key reaches every control, and its focus is seen.
  // 2.4.3, 1.3.2: on a narrow screen, where one thing stands under the other, the
  // focus goes down the page as the eye does.
  let controls = [], met = new Set(), faults = [], before = null;
  const group = (e) => e.type === "radio" ? document.querySelector(`input[type=radio][name="${e.name}"]`) : e;
  function begin() {
    controls = all("a[href], button, input:not([type=hidden]), select, textarea, summary, [tabindex='0']").filter((e) => !e.disabled).map(group);
    controls = [...new Set(controls)];
    met = new Set();
    faults = [];
    before = null;
    document.activeElement.blur();
    scrollTo(0, 0);
    return controls.length;
  }
  // step judges what has the focus now and says whether all were met.
  function step() {
    const e = document.activeElement;
    if (e === document.body || met.has(group(e))) return met.size >= controls.length;
    met.add(group(e));
    const style = getComputedStyle(e), box = e.getBoundingClientRect();
    if (!e.matches(":focus-visible") || style.outlineStyle === "none" || parseFloat(style.outlineWidth) < 2) faults.push(`shows no focus: ${say(e)}`);
    // From the last control the tab key comes back to the first.
    const at = { e, top: box.top + scrollY, bottom: box.bottom + scrollY };
    if (before && e !== controls[0] && at.bottom <= before.top) faults.push(`stands above what the tab key leaves for it, ${say(before.e)}: ${say(e)}`);
    before = at;
    const top = document.elementFromPoint(box.left + Math.min(box.width / 2, 20), box.top + Math.min(box.height / 2, 12));
    if (!top) faults.push(`has the focus off the screen: ${say(e)}`);
    else if (!e.contains(top) && !top.contains(e) && !(e.labels && [...e.labels].some((l) => l.contains(top)))) faults.push(`is covered by ${say(top)}: ${say(e)}`);
    return met.size >= controls.length;
  }
  function end() {
    return faults.concat(controls.filter((e) => !met.has(e)).map((e) => `is reached by no key: ${say(e)}`)).join("\n");
  }
  return { reflow, cut, spaced, still, edges, begin, step, end };
})();

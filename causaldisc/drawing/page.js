// The viewer of a graph: pan, zoom, search, filter, and the evidence for what is chosen.
// The page works without it: the drawing and the tables are there, and nothing is fetched.
"use strict";
(() => {
  const byId = (id) => document.getElementById(id);
  const graph = JSON.parse(byId("graph").textContent);
  const svg = byId("drawing"), scene = byId("scene"), panel = byId("panel");
  const nodes = [...scene.querySelectorAll(".node")], lines = [...scene.querySelectorAll(".edge")];
  const rows = [...document.querySelectorAll("tr[data-line]")];
  const rowsOf = lines.map(() => []);
  rows.forEach((r) => rowsOf[Number(r.dataset.line)].push(r));
  const summary = panel.innerHTML;
  const isReport = document.body.classList.contains("report");
  const LEAST_SCALE = 0.05, MOST_SCALE = 8, LEGIBLE = 0.6, CLICK = 4;

  // ---- moving about

  const [width, height] = svg.viewBox.baseVal ? [svg.viewBox.baseVal.width, svg.viewBox.baseVal.height] : [1, 1];
  const margin = -svg.viewBox.baseVal.x, whole = svg.getAttribute("viewBox");
  svg.removeAttribute("viewBox");
  const view = { x: 0, y: 0, scale: 1 };
  const show = () => scene.setAttribute("transform", `translate(${view.x} ${view.y}) scale(${view.scale})`);
  const size = () => [svg.clientWidth || 1, svg.clientHeight || 1];

  function fit(least) {
    const [w, h] = size();
    view.scale = Math.max(Math.min(w / width, h / height, 1.6), least);
    view.x = (w - width * view.scale) / 2 + margin * view.scale;
    view.y = Math.max((h - height * view.scale) / 2, 0) + margin * view.scale;
    show();
  }

  function zoom(factor, at) {
    const [w, h] = size();
    const [x, y] = at || [w / 2, h / 2];
    const scale = Math.min(Math.max(view.scale * factor, LEAST_SCALE), MOST_SCALE);
    view.x = x - ((x - view.x) * scale) / view.scale;
    view.y = y - ((y - view.y) * scale) / view.scale;
    view.scale = scale;
    show();
  }

  function pan(dx, dy) {
    view.x += dx;
    view.y += dy;
    show();
  }

  function bringIntoView(node) {
    const [w, h] = size(), [x, y] = graph.nodes[node].at;
    const atX = view.x + x * view.scale, atY = view.y + y * view.scale;
    if (atX < 0 || atX > w || atY < 0 || atY > h) pan(w / 2 - atX, h / 2 - atY);
  }

  const pointers = new Map();
  let moved = 0, spread = 0;
  const place = (event) => {
    const box = svg.getBoundingClientRect();
    return [event.clientX - box.left, event.clientY - box.top];
  };
  const gap = () => {
    const [a, b] = [...pointers.values()];
    return Math.hypot(a[0] - b[0], a[1] - b[1]);
  };
  svg.addEventListener("pointerdown", (event) => {
    svg.focus({ preventScroll: true });
    pointers.set(event.pointerId, place(event));
    if (pointers.size === 1) moved = 0;
    if (pointers.size === 2) spread = gap();
  });
  svg.addEventListener("pointermove", (event) => {
    const before = pointers.get(event.pointerId);
    if (!before) return;
    const now = place(event);
    pointers.set(event.pointerId, now);
    if (pointers.size === 1) {
      moved += Math.abs(now[0] - before[0]) + Math.abs(now[1] - before[1]);
      if (moved > CLICK) {
        if (!svg.hasPointerCapture(event.pointerId)) svg.setPointerCapture(event.pointerId);
        svg.classList.add("dragged");
        pan(now[0] - before[0], now[1] - before[1]);
      }
    } else if (pointers.size === 2) {
      const [a, b] = [...pointers.values()], found = gap();
      zoom(found / (spread || found), [(a[0] + b[0]) / 2, (a[1] + b[1]) / 2]);
      spread = found;
      moved = CLICK + 1;
    }
  });
  for (const kind of ["pointerup", "pointercancel"]) {
    svg.addEventListener(kind, (event) => {
      pointers.delete(event.pointerId);
      svg.classList.remove("dragged");
    });
  }
  svg.addEventListener("wheel", (event) => {
    if (isReport && !event.ctrlKey && !event.metaKey) return; // in a report the wheel scrolls the report
    event.preventDefault();
    zoom(Math.exp(-event.deltaY * (event.deltaMode ? 0.05 : 0.0015)), place(event));
  }, { passive: false });

  // ---- choosing

  const at = Array.from(nodes, () => []);
  graph.lines.forEach((line, i) => {
    at[line.source].push(i);
    if (line.target !== line.source) at[line.target].push(i);
  });
  const separations = new Map(graph.separations.map((s) => [Math.min(s[0], s[1]) + "," + Math.max(s[0], s[1]), s]));
  let chosenNode = null, chosenLine = null;

  function light(lit, litLines) {
    scene.classList.toggle("dimmed", lit.size + litLines.size > 0);
    nodes.forEach((n, i) => n.classList.toggle("lit", lit.has(i)));
    lines.forEach((l, i) => l.classList.toggle("lit", litLines.has(i)));
    nodes.forEach((n, i) => n.classList.toggle("chosen", i === chosenNode));
    rows.forEach((r) => r.classList.toggle("chosen", Number(r.dataset.line) === chosenLine));
  }

  function clear() {
    chosenNode = chosenLine = null;
    light(new Set(), new Set());
    panel.innerHTML = summary;
    follow();
  }

  function chooseLine(i) {
    chosenNode = null;
    chosenLine = i;
    const line = graph.lines[i];
    light(new Set([line.source, line.target]), new Set([i]));
    tell(told(line, i));
  }

  function chooseNode(i, reach) {
    chosenNode = i;
    chosenLine = null;
    const [lit, litLines] = reached(i, reach || "next");
    light(lit, litLines);
    tell(aboutNode(i, reach || "next"));
  }

  // What is chosen elsewhere than in the drawing may be out of sight.
  function goTo(node) {
    chooseNode(node);
    bringIntoView(node);
  }

  function goToLine(i) {
    chooseLine(i);
    bringIntoView(graph.lines[i].source);
    bringIntoView(graph.lines[i].target);
  }

  function choosePair(a, b) {
    const between = at[a].filter((i) => graph.lines[i].source === b || graph.lines[i].target === b);
    if (between.length === 1) return chooseLine(between[0]);
    chosenNode = a;
    chosenLine = null;
    light(new Set([a, b]), new Set(between));
    tell(between.length ? between.map((i) => told(graph.lines[i], i)).join("") : apart(a, b));
  }

  // What a node reaches: neighbours, or all along arrows backwards (causes) or forwards (effects).
  function reached(start, reach) {
    const lit = new Set([start]), litLines = new Set(), waiting = [start];
    while (waiting.length) {
      const v = waiting.pop();
      for (const i of at[v]) {
        if (lines[i].classList.contains("filtered")) continue;
        const { source, target, isArrow } = graph.lines[i];
        const other = source === v ? target : source;
        if (reach === "causes" && !(isArrow && target === v)) continue;
        if (reach === "effects" && !(isArrow && source === v)) continue;
        litLines.add(i);
        if (!lit.has(other)) {
          lit.add(other);
          if (reach !== "next") waiting.push(other);
        }
      }
    }
    return [lit, litLines];
  }

  // ---- telling

  const safe = (text) => String(text).replace(/[&<>"]/g, (c) => ({ "&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;" }[c]));
  const name = (i) => safe(graph.nodes[i].name);
  const linkTo = (i) => `<button class="link" data-to="${i}">${name(i)}</button>`;
  const short = (value) => (typeof value === "number" && !Number.isInteger(value) ? String(Number(value.toPrecision(4))) : String(value));
  const listed = (items) => (items.length ? `<ul>${items.map((item) => `<li>${item}</li>`).join("")}</ul>` : "");
  const figures = (values) => {
    const kept = Object.entries(values).filter(([, v]) => typeof v !== "boolean");
    return kept.length ? `<dl>${kept.map(([k, v]) => `<dt>${safe(k)}</dt><dd>${safe(short(v))}</dd>`).join("")}</dl>` : "";
  };

  function tell(html) {
    panel.innerHTML = `${html}<button id="back">Back</button>`;
    byId("back").onclick = clear;
    panel.scrollTop = 0;
    follow();
  }

  function follow() {
    panel.querySelectorAll("[data-to]").forEach((b) => (b.onclick = () => goTo(Number(b.dataset.to))));
    panel.querySelectorAll("[data-reach]").forEach((b) => (b.onclick = () => chooseNode(chosenNode, b.dataset.reach)));
    panel.querySelectorAll("[data-show]").forEach((b) => (b.onclick = () => goToLine(Number(b.dataset.show))));
    const other = byId("other");
    if (other) other.onchange = () => other.value && choosePair(chosenNode, Number(other.value));
  }

  function told(line, i) {
    const each = line.edges.map((e) => {
      const lag = e.lag ? `<p class="quiet">lag ${e.lag}</p>` : "";
      return lag + figures(e.attributes) + listed([...e.reasons, ...e.notes].map(safe));
    });
    const title = `<h3>${linkTo(line.source)} <span class="key">${safe(line.glyph)}</span> ${linkTo(line.target)}</h3>`;
    return `<section data-told="${i}">${title}${each.join("")}</section>`;
  }

  function aboutNode(i, reach) {
    const groups = { "caused by": [], causes: [], "joined to": [] };
    for (const l of at[i]) {
      const line = graph.lines[l], other = line.source === i ? line.target : line.source;
      const where = !line.isArrow ? "joined to" : line.target === i && line.source !== i ? "caused by" : "causes";
      const lags = line.edges.some((e) => e.lag) ? ` <span class="quiet">lag ${line.edges.map((e) => e.lag).join(", ")}</span>` : "";
      const edge = `<button class="link" data-show="${l}"><span class="key">${safe(line.glyph)}</span></button>`;
      groups[where].push((line.source === other ? `${linkTo(other)} ${edge}` : `${edge} ${linkTo(other)}`) + lags);
    }
    const lists = Object.entries(groups).filter(([, l]) => l.length).map(([k, l]) => `<p class="quiet">${k}</p>${listed(l)}`);
    const reaches = [["next", "neighbours"], ["causes", "causes of causes"], ["effects", "effects of effects"]]
      .map(([k, text]) => `<button data-reach="${k}"${k === reach ? " disabled" : ""}>${text}</button>`).join(" ");
    const options = graph.nodes.map((n, j) => (j === i ? "" : `<option value="${j}">${safe(n.name)}</option>`)).join("");
    return `<section><h3>${name(i)}</h3>${figures(graph.nodes[i].attributes)}${lists.join("")}<p>${reaches}</p>` +
      `<label>with <select id="other"><option value="">another node…</option>${options}</select></label></section>`;
  }

  function apart(a, b) {
    const found = separations.get(Math.min(a, b) + "," + Math.max(a, b));
    let why = graph.separationsNote || "no separating set is listed";
    if (found) {
      const given = found[2].length ? found[2].map(linkTo).join(", ") : "nothing";
      const numbers = [found[3] === null ? "" : `p = ${Number(found[3].toPrecision(3))}`, found[4] === null ? "" : `${found[4]} rows`];
      why = `independent given ${given}${numbers.some(Boolean) ? ` (${numbers.filter(Boolean).join(", ")})` : ""}`;
    }
    return `<section data-apart><h3>${linkTo(a)} and ${linkTo(b)}</h3><p>are not adjacent</p><p>${why}</p></section>`;
  }

  nodes.forEach((n, i) => n.addEventListener("click", (event) => {
    if (moved > CLICK) return;
    if (event.shiftKey && chosenNode !== null && chosenNode !== i) choosePair(chosenNode, i);
    else chooseNode(i);
  }));
  lines.forEach((l, i) => l.addEventListener("click", () => moved <= CLICK && chooseLine(i)));
  svg.addEventListener("click", (event) => event.target === svg && moved <= CLICK && clear());
  rows.forEach((r) => {
    r.tabIndex = 0;
    r.addEventListener("click", () => goToLine(Number(r.dataset.line)));
    r.addEventListener("keydown", (event) => event.key === "Enter" && goToLine(Number(r.dataset.line)));
  });

  // ---- searching

  const search = byId("search"), hits = byId("hits");
  let matches = [], turn = -1;
  search.addEventListener("input", () => {
    const text = search.value.trim().toLowerCase();
    matches = text ? graph.nodes.flatMap((n, i) => (n.name.toLowerCase().includes(text) ? [i] : [])) : [];
    turn = -1;
    nodes.forEach((n, i) => n.classList.toggle("found", matches.includes(i)));
    hits.textContent = text ? `${matches.length} found` : "";
  });
  search.addEventListener("keydown", (event) => {
    if (event.key === "Enter" && matches.length) {
      turn = (turn + 1) % matches.length;
      goTo(matches[turn]);
    } else if (event.key === "Escape") {
      search.value = "";
      search.dispatchEvent(new Event("input"));
      search.blur();
      event.stopPropagation();
    }
  });

  // ---- filtering: small p-values are strong, of everything else large values are

  const attribute = byId("attribute"), bound = byId("bound"), kept = byId("kept");
  let values = [];
  const strength = (key, value) => (key.includes("p_value") ? -value : Math.abs(value));
  const numbersOf = (key) => graph.lines.flatMap((l) => l.edges.map((e) => e.attributes[key]).filter((v) => typeof v === "number"));
  const keys = [...new Set(graph.lines.flatMap((l) => l.edges.flatMap((e) => Object.keys(e.attributes))))]
    .filter((key) => new Set(numbersOf(key)).size > 1);
  keys.forEach((key) => attribute.add(new Option(key, key)));

  function setAttribute() {
    const key = attribute.value;
    values = [...new Set(numbersOf(key).map((v) => strength(key, v)))].sort((a, b) => a - b);
    bound.max = Math.max(values.length - 1, 0);
    bound.value = 0;
    filter();
  }

  function filter() {
    const key = attribute.value, least = values[Number(bound.value)];
    const keepsAll = !Number(bound.value);
    let count = 0;
    graph.lines.forEach((line, i) => {
      const keeps = keepsAll || line.edges.some((e) => typeof e.attributes[key] === "number" && strength(key, e.attributes[key]) >= least);
      lines[i].classList.toggle("filtered", !keeps);
      rowsOf[i].forEach((r) => r.classList.toggle("filtered", !keeps));
      count += keeps;
    });
    const limit = key.includes("p_value") ? `≤ ${short(-least)}` : `≥ ${short(least)}`;
    kept.textContent = keepsAll ? "all" : `${limit}: ${count} of ${graph.lines.length}`;
    bound.setAttribute("aria-valuetext", kept.textContent);
  }
  if (keys.length) {
    attribute.onchange = setAttribute;
    bound.oninput = filter;
    setAttribute();
  } else {
    byId("filter").hidden = true;
  }

  // ---- buttons and keys

  const themes = { light: "dark", dark: "light" };
  byId("theme").onclick = () => {
    const root = document.documentElement;
    const now = root.dataset.theme || (matchMedia("(prefers-color-scheme: dark)").matches ? "dark" : "light");
    root.dataset.theme = themes[now];
  };
  byId("in").onclick = () => zoom(1.25);
  byId("out").onclick = () => zoom(0.8);
  byId("fit").onclick = () => fit(0);
  const step = 60;
  const moves = {
    ArrowLeft: () => pan(step, 0), ArrowRight: () => pan(-step, 0), ArrowUp: () => pan(0, step), ArrowDown: () => pan(0, -step),
    "+": () => zoom(1.25), "=": () => zoom(1.25), "-": () => zoom(0.8), 0: () => fit(0), "/": () => search.focus(), Escape: clear,
    n: () => chooseNext(1), p: () => chooseNext(-1),
    c: () => chosenNode !== null && chooseNode(chosenNode, "causes"),
    e: () => chosenNode !== null && chooseNode(chosenNode, "effects"),
  };

  function chooseNext(by) {
    const shown = graph.lines.map((_, i) => i).filter((i) => !lines[i].classList.contains("filtered"));
    if (!shown.length) return;
    const here = shown.indexOf(chosenLine);
    goToLine(shown[here < 0 ? (by > 0 ? 0 : shown.length - 1) : (here + by + shown.length) % shown.length]);
  }

  document.addEventListener("keydown", (event) => {
    const isTyping = /^(INPUT|SELECT|TEXTAREA)$/.test(event.target.tagName);
    if (event.ctrlKey || event.metaKey || event.altKey || (isTyping && event.key !== "Escape")) return;
    const inside = !isReport || event.target.closest?.(".viewer") || event.target.closest?.("tr[data-line]");
    const move = inside && moves[event.key];
    if (!move) return;
    event.preventDefault();
    move();
  });
  addEventListener("beforeprint", () => {
    svg.setAttribute("viewBox", whole);
    scene.removeAttribute("transform");
  });
  addEventListener("afterprint", () => {
    svg.removeAttribute("viewBox");
    show();
  });
  fit(LEGIBLE);
  document.documentElement.dataset.ready = "true";
})();

"use strict";
// Draws the graph in #data: a layered picture of the whole, or of what is in
// reach of one node. Text is only ever set as text, never as markup.
(() => {
const MOST = 160; // nodes of a whole graph drawn at once; beyond, lists to choose from
const TALL = 22; // of a column of a neighbourhood, unless all of it fits
const ROWS = 40; // of a list, before "more"
const $ = id => document.getElementById(id);
const data = JSON.parse($("data").textContent);
const nodes = data.nodes, edges = data.edges;
const byID = new Map(nodes.map((n, i) => [n.id, i]));
const outs = nodes.map(() => []), ins = nodes.map(() => []);
edges.forEach((e, i) => {
  e.a = byID.get(e.from); e.b = byID.get(e.to);
  outs[e.a].push(i); ins[e.b].push(i);
});
const several = data.clusters.length > 1;
const clusterOf = new Map(data.clusters.map(c => [c.id, c]));
const KINDS = ["User", "Group", "ServiceAccount", "ClusterRoleBinding", "RoleBinding", "ClusterRole", "Role", "Namespace", "Power", "Everything"];
const hidden = new Set();
let focus = -1, scale = 1, path = -1, trail = [], drawn = null;

// --- making elements ---
function el(tag, attrs, ...children) {
  const e = document.createElement(tag);
  for (const k in attrs || {}) {
    if (k.startsWith("on")) e.addEventListener(k.slice(2), attrs[k]);
    else if (attrs[k] !== undefined && attrs[k] !== false) e.setAttribute(k, attrs[k] === true ? "" : attrs[k]);
  }
  for (const c of children.flat()) if (c !== null && c !== undefined && c !== "") e.append(c);
  return e;
}
const NS = "http://www.w3.org/2000/svg";
function svg(tag, attrs, ...children) {
  const e = document.createElementNS(NS, tag);
  for (const k in attrs || {}) if (attrs[k] !== undefined) e.setAttribute(k, attrs[k]);
  for (const c of children) if (c !== null && c !== undefined) e.append(c);
  return e;
}
const title = n => (n.kind === "Everything" || n.kind === "Power" ? "" : n.kind + " ") + n.label + (n.displayName ? " (" + n.displayName + ")" : "");
const count = (n, word) => n.toLocaleString("en") + " " + word + (n === 1 ? "" : "s");

// --- what to draw ---
const shown = i => !hidden.has(nodes[i].kind);
function reach(start, lists, end, parent, skip) { // breadth first along one direction
  const seen = new Map([[start, 0]]), queue = [start];
  for (let q = 0; q < queue.length; q++) {
    for (const e of lists[queue[q]]) {
      const next = edges[e][end];
      if (seen.has(next) || edges[e].kind === skip) continue;
      seen.set(next, seen.get(queue[q]) + 1);
      if (parent && !parent.has(next)) parent.set(next, queue[q]);
      queue.push(next);
    }
  }
  return seen;
}
function neighbourhood(i) { // what the node reaches and who reaches it, nearest first
  const parent = new Map([[i, i]]), all = new Map(reach(i, outs, "b", parent));
  for (const [n, d] of reach(i, ins, "a", parent)) if (!all.has(n) || d < all.get(n)) all.set(n, d);
  for (const n of [...all.keys()]) { // what a binding grants and where, even if asked from its other side
    if (!nodes[n].kind.endsWith("Binding")) continue;
    for (const e of outs[n]) {
      const m = edges[e].b;
      if (!all.has(m)) { all.set(m, all.get(n) + 1); parent.set(m, n); }
    }
  }
  const order = [...all.keys()].filter(n => n === i || shown(n)).sort((a, b) => all.get(a) - all.get(b) || a - b);
  if (order.length <= 60) return {list: order, left: new Map()};
  const kept = new Set(), tall = new Map(), left = new Map();
  for (const n of order) {
    const column = base[nodes[n].kind], from = parent.get(n);
    if ((tall.get(column) || 0) < TALL && (kept.has(from) || n === i || !shown(from))) { kept.add(n); tall.set(column, (tall.get(column) || 0) + 1); }
    else left.set(column, (left.get(column) || 0) + 1);
  }
  return {list: [...kept], left};
}

// --- layout: columns by layer, order by the mean of the neighbours ---
const base = {User: 0, ServiceAccount: 0, Group: 1, ClusterRoleBinding: 2, RoleBinding: 2, ClusterRole: 3, Role: 3, Namespace: 4, Power: 4, Everything: 4};
const heads = ["users, service accounts", "groups", "bindings", "roles", "power, place"];
function chain(list) { // a path: one step a column
  return {columns: list.map(i => [i]), name: list.map((_, at) => at ? "hop " + at : "from"), used: list.map((_, at) => 10 + at)};
}
function layers(list, inside) { // columns, their heads, and which of base they are
  const members = list.some(i => nodes[i].kind === "Group" && ins[i].some(e => inside.has(edges[e].a)));
  const layer = i => nodes[i].kind === "Group" && !members ? 0 : base[nodes[i].kind];
  const used = [...new Set(list.map(layer))].sort((a, b) => a - b);
  const columns = used.map(() => []), name = used.map(l => l === 0 && !members ? "subjects" : heads[l]);
  for (const i of list) columns[used.indexOf(layer(i))].push(i);
  return {columns, name, used};
}
function order(columns, inside) {
  const at = new Map();
  const place = c => c.forEach((i, p) => at.set(i, p - c.length / 2));
  columns.forEach(c => { c.sort((a, b) => a - b); place(c); });
  const mean = (i, side) => {
    let sum = 0, n = 0;
    for (const [lists, end] of side) for (const e of lists[i]) {
      const other = edges[e][end];
      if (inside.has(other) && edges[e].kind !== "escalates") { sum += at.get(other); n++; }
    }
    return n ? sum / n : at.get(i);
  };
  const left = [[ins, "a"]], right = [[outs, "b"]], both = [[ins, "a"], [outs, "b"]];
  for (let round = 0; round < 10; round++) {
    const seq = round % 2 ? [...columns].reverse() : columns;
    for (const c of seq) {
      const key = new Map(c.map(i => [i, mean(i, round > 7 ? both : round % 2 ? right : left)]));
      c.sort((a, b) => key.get(a) - key.get(b) || a - b);
      place(c);
    }
  }
}
const measure = document.createElement("canvas").getContext("2d");
measure.font = '12px system-ui, -apple-system, "Segoe UI", "DejaVu Sans", sans-serif';
function clip(text, width) { // the middle goes first: names differ at their ends
  const letters = Array.from(text);
  if (measure.measureText(text).width <= width) return text;
  let keep = letters.length;
  const cut = k => letters.slice(0, Math.ceil(k / 2)).join("") + "…" + letters.slice(letters.length - Math.floor(k / 2)).join("");
  let low = 1, high = keep;
  while (low < high) {
    const mid = (low + high + 1) >> 1;
    if (measure.measureText(cut(mid)).width <= width) low = mid; else high = mid - 1;
  }
  return cut(low);
}
const H = 34, GAP = 10, PAD = 20, TOP = 34, MAXW = 250, SPACE = 90;
const headline = n => n.displayName || n.label;
function underline(n) {
  const parts = [];
  if (n.kind !== "Everything" && n.kind !== "Power") parts.push(n.kind);
  if (n.displayName) parts.push(n.label);
  if (n.state === "missing") parts.push("does not exist");
  if (n.state === "unknown") parts.push("rules unknown");
  if (n.everything) parts.push("everything");
  if (several) parts.push(clusterOf.get(n.cluster).label);
  return parts.join(" · ");
}
function layout(list) {
  const inside = new Set(list), {columns, name, used} = path >= 0 ? chain(list) : layers(list, inside);
  order(columns, inside);
  const pos = new Map();
  let x = PAD + (path < 0 && edges.some(e => e.kind === "escalates" && inside.has(e.a) && inside.has(e.b) && base[nodes[e.a].kind] === base[nodes[e.b].kind]) ? 90 : 0), tall = 0;
  const heights = columns.map(c => c.length * (H + GAP) - GAP);
  tall = Math.max(...heights, 120);
  const cols = [];
  columns.forEach((c, ci) => {
    const w = Math.min(MAXW, Math.max(110, ...c.map(i => Math.max(measure.measureText(headline(nodes[i])).width, measure.measureText(underline(nodes[i])).width * .82))) + 22);
    let y = TOP + (tall - heights[ci]) / 2;
    for (const i of c) { pos.set(i, {x, y, w, column: ci}); y += H + GAP; }
    cols.push({x, w, name: name[ci], list: c, base: used[ci], bottom: y});
    x += w + SPACE;
  });
  return {pos, cols, inside, width: x - SPACE + PAD + (used.at(-1) === 3 ? 60 : 0), height: tall + TOP + PAD + 14};
}

// --- drawing ---
function edgePath(e, p, q) {
  const y1 = p.y + H / 2, y2 = q.y + H / 2;
  if (p.column === q.column) { // beside the column: escalation on the left, what feeds what on the right
    const side = e.kind === "aggregates" ? 1 : -1, x1 = side > 0 ? p.x + p.w : p.x, x2 = side > 0 ? q.x + q.w : q.x, bend = side * (22 + Math.min(50, Math.abs(y2 - y1) / 6));
    return `M${x1} ${y1}C${x1 + bend} ${y1} ${x2 + bend} ${y2} ${x2} ${y2}`;
  }
  if (p.column < q.column) {
    const x1 = p.x + p.w, x2 = q.x, m = Math.max(30, (x2 - x1) / 2);
    return `M${x1} ${y1}C${x1 + m} ${y1} ${x2 - m} ${y2} ${x2} ${y2}`;
  }
  const x1 = p.x, x2 = q.x + q.w, m = Math.max(30, (x1 - x2) / 2);
  return `M${x1} ${y1}C${x1 - m} ${y1} ${x2 + m} ${y2} ${x2} ${y2}`;
}
const alarming = e => e.kind === "everything" || e.kind === "escalates";
const faint = e => ["member-of", "holds-in", "dangling", "aggregates"].includes(e.kind);
function draw(list, left) {
  const l = layout(list), root = svg("svg", {viewBox: `0 0 ${l.width} ${l.height}`, role: "group", "aria-label": "graph of " + count(list.length, "node")});
  const lines = svg("g", {"aria-hidden": "true"}), boxes = svg("g"), texts = svg("g", {"aria-hidden": "true"});
  for (const c of l.cols) texts.append(svg("text", {class: "column", x: c.x, y: 18}, c.name));
  for (const c of l.cols) {
    const more = left.get(c.base) || (c.base === 0 && !l.cols.some(o => o.base === 1) && left.get(1)) || 0;
    if (more) texts.append(svg("text", {class: "more", x: c.x + 9, y: c.bottom + 8}, "+ " + more.toLocaleString("en") + " more"));
  }
  const parts = {nodes: new Map(), edges: new Map()};
  const steps = path >= 0 ? pathSteps(data.paths[path]) : edges;
  steps.forEach((e, i) => {
    if (!l.inside.has(e.a) || !l.inside.has(e.b)) return;
    const line = svg("path", {d: edgePath(e, l.pos.get(e.a), l.pos.get(e.b)), class: "edge" + (path >= 0 ? " path" : "") + (alarming(e) ? " red" : faint(e) ? " faint" : ""), "marker-end": alarming(e) ? "url(#tipr)" : "url(#tip)"});
    line.append(svg("title", {}, title(nodes[e.a]) + " — " + e.kind + (e.how ? " (" + e.how + ")" : "") + " → " + title(nodes[e.b])));
    lines.append(line);
    parts.edges.set(i, line);
    if (e.kind === "escalates" && l.inside.size < 150) {
      const p = l.pos.get(e.a), q = l.pos.get(e.b), same = p.column === q.column;
      texts.append(svg("text", {class: "elabel", x: same ? p.x - 20 : (p.x + p.w + q.x) / 2, y: (p.y + q.y) / 2 + H / 2 - 3, "text-anchor": same ? "end" : "middle"}, e.how));
    }
  });
  for (const i of list) {
    const n = nodes[i], p = l.pos.get(i), sub = underline(n);
    const cls = "node k-" + n.kind + (i === focus ? " on" : n.focus && focus < 0 ? " on" : "") + (n.state === "missing" ? " missing" : n.state === "unknown" ? " unread" : "") + (n.everything ? " all" : "");
    const g = svg("g", {class: cls, tabindex: "-1", role: "button", transform: `translate(${p.x} ${p.y})`, "data-id": n.id, "aria-label": title(n) + (n.state ? ", " + (n.state === "missing" ? "does not exist" : "rules unknown") : "") + (n.everything ? ", everything" : "")});
    g.append(svg("rect", {width: p.w, height: H, rx: ["User", "ServiceAccount", "Group"].includes(n.kind) ? 16 : n.kind.endsWith("Binding") ? 2 : 6}));
    const head = svg("text", {x: 9, y: sub ? 15 : 21}, clip(headline(n), p.w - 16));
    g.append(head);
    if (sub) g.append(svg("text", {class: "sub" + (n.state === "missing" || n.everything || (n.warnings || []).length ? " alarm" : ""), x: 9, y: 27}, clip(((n.warnings || []).length ? "⚠ " : "") + sub, (p.w - 16) * 1.22)));
    g.append(svg("title", {}, title(n)));
    g.addEventListener("click", () => { if (!moved) go(i); });
    g.addEventListener("mouseenter", () => light(i));
    g.addEventListener("mouseleave", () => light(-1));
    g.addEventListener("focus", () => light(i));
    g.addEventListener("blur", () => light(-1));
    boxes.append(g);
    parts.nodes.set(i, g);
  }
  const tip = (id, color) => svg("marker", {id, viewBox: "0 0 8 8", refX: 8, refY: 4, markerWidth: 7, markerHeight: 7, orient: "auto", markerUnits: "userSpaceOnUse"}, svg("path", {d: "M0 0L8 4L0 8z", class: color}));
  root.append(svg("defs", {}, tip("tip", "tip"), tip("tipr", "tipr")), lines, boxes, texts);
  drawn = {...l, root, parts, list};
  $("canvas").replaceChildren(root);
  const first = list.includes(focus) ? focus : l.cols[0] ? l.cols[0].list[0] : -1;
  if (first >= 0) parts.nodes.get(first).setAttribute("tabindex", "0");
}
function light(i) { // what an element is joined to, the rest steps back
  if (!drawn || path >= 0) return;
  const {root, parts} = drawn;
  root.classList.toggle("dim", i >= 0 && drawn.list.length > 3);
  for (const e of root.querySelectorAll(".lit")) e.classList.remove("lit");
  if (i < 0) return;
  parts.nodes.get(i).classList.add("lit");
  for (const [lists, end] of [[outs, "b"], [ins, "a"]]) for (const e of lists[i]) {
    const line = parts.edges.get(e);
    if (line) { line.classList.add("lit"); parts.nodes.get(edges[e][end]).classList.add("lit"); }
  }
}
function resize() {
  if (!drawn) return;
  drawn.root.setAttribute("width", Math.round(drawn.width * scale));
  drawn.root.setAttribute("height", Math.round(drawn.height * scale));
}
function fit() {
  if (!drawn) return;
  const box = $("canvas");
  scale = Math.min(1.2, Math.max(.72, Math.min((box.clientWidth - 4) / drawn.width, Math.max(.75, (box.clientHeight - 4) / drawn.height))));
  resize();
  centre(focus);
}
function centre(i) {
  const box = $("canvas"), p = drawn && drawn.pos.get(i);
  if (!p) { box.scrollTo(0, Math.max(0, (drawn.height * scale - box.clientHeight) / 2)); return; }
  box.scrollTo(Math.max(0, (p.x + p.w / 2) * scale - box.clientWidth / 2), Math.max(0, (p.y + H / 2) * scale - box.clientHeight / 2));
}
function zoom(by) {
  const box = $("canvas"), old = scale;
  scale = Math.min(3, Math.max(.2, scale * by));
  const x = box.scrollLeft + box.clientWidth / 2, y = box.scrollTop + box.clientHeight / 2;
  resize();
  box.scrollTo(x * scale / old - box.clientWidth / 2, y * scale / old - box.clientHeight / 2);
}

// --- what is shown ---
function render() {
  const every = nodes.map((_, i) => i).filter(shown);
  let list = every, left = new Map();
  if (path >= 0) list = pathNodes(data.paths[path]);
  else if (focus >= 0) ({list, left} = neighbourhood(focus));
  const cut = [...left.values()].reduce((a, b) => a + b, 0);
  const overview = focus < 0 && path < 0 && list.length > MOST;
  $("canvas").hidden = overview;
  $("overview").hidden = !overview;
  $("all").disabled = focus < 0 && path < 0;
  $("back").disabled = trail.length === 0;
  for (const id of ["in", "out", "fit"]) $(id).disabled = overview;
  if (overview) {
    drawn = null;
    $("where").textContent = count(list.length, "node") + ": too many to draw at once. Search, or choose below.";
    drawOverview(list);
  } else {
    $("where").textContent = path >= 0 ? "path: " + title(nodes[byID.get(data.paths[path].from)]) + " to everything in " + count(data.paths[path].hops.length, "hop") :
      focus >= 0 ? title(nodes[focus]) + ": " + count(list.length + cut - 1, "node") + " around it" + (cut ? ", " + cut.toLocaleString("en") + " of them not drawn: the details list them" : "") :
      count(list.length, "node") + ", " + count(edges.filter(e => shown(e.a) && shown(e.b)).length, "edge");
    if (list.length) { draw(list, left); fit(); }
    else $("canvas").replaceChildren(el("p", {class: "soft"}, "Nothing to draw."));
  }
  details();
  document.body.dataset.drawn = overview ? "overview" : list.length;
  document.body.dataset.focus = focus >= 0 ? nodes[focus].id : "";
}
function go(i, quiet) {
  if (i === focus && path < 0) return;
  if (!quiet) trail.push({focus, path});
  focus = i; path = -1;
  const hash = i >= 0 ? "#focus=" + encodeURIComponent(nodes[i].id) : "#";
  if (location.hash !== hash && !(i < 0 && location.hash === "")) location.hash = hash;
  render();
  const g = i >= 0 && drawn && drawn.parts.nodes.get(i);
  if (g) g.focus({preventScroll: true});
}
function goPath(i) {
  trail.push({focus, path});
  focus = -1; path = i;
  location.hash = "#path=" + i;
  render();
}
function fromHash() {
  const hash = location.hash.slice(1), eq = hash.indexOf("=");
  let value = "";
  try { value = decodeURIComponent(hash.slice(eq + 1)); } catch { return; }
  const key = eq < 0 ? "" : hash.slice(0, eq);
  if (key === "path" && data.paths && data.paths[+value]) { focus = -1; path = +value; render(); return; }
  const i = key === "focus" ? byID.get(value) ?? nodes.findIndex(n => n.label === value) : -1;
  if (key === "focus" && i < 0) { focus = -1; path = -1; render(); $("where").textContent = "nothing here is called " + value; return; }
  if (i !== focus || path >= 0 || !drawn && i >= 0) { focus = i; path = -1; render(); }
}

// --- lists ---
function link(i, extra) {
  const n = nodes[i];
  return el("li", {}, el("button", {type: "button", class: "link", onclick: () => go(i)}, el("span", {class: "kind"}, n.kind === "Everything" || n.kind === "Power" ? "" : n.kind), " ", n.label,
    n.displayName ? el("span", {class: "soft"}, " " + n.displayName) : null,
    several ? el("span", {class: "tag soft"}, clusterOf.get(n.cluster).label) : null,
    n.state === "missing" ? el("span", {class: "tag alarm"}, "does not exist") : null,
    n.everything ? el("span", {class: "tag alarm"}, "everything") : null, extra || null));
}
function listing(ids, extra, rows) {
  const ul = el("ul", {class: "list"});
  let at = 0;
  const more = () => {
    ul.querySelectorAll(".more").forEach(e => e.remove());
    const step = at ? ROWS : rows || ROWS;
    for (const i of ids.slice(at, at + step)) ul.append(link(i, extra && extra(i)));
    at += step;
    if (at < ids.length) ul.append(el("li", {class: "more"}, el("button", {type: "button", onclick: more}, (ids.length - at).toLocaleString("en") + " more")));
  };
  more();
  return ul;
}
function section(name, ids, extra, rows) { return ids.length ? [el("h3", {}, name + " (" + ids.length.toLocaleString("en") + ")"), listing(ids, extra, rows)] : []; }
function drawOverview(list) { // kinds with what has most to do with others first
  const box = el("div", {class: "cols"});
  const add = (name, ids, extra) => { if (ids.length) box.append(el("section", {"data-kind": KINDS.includes(name)}, section(name, ids, extra, 12))); };
  const size = i => isSubject(i) ? outs[i].filter(e => edges[e].kind === "bound-by").length : ins[i].filter(e => edges[e].kind !== "aggregates").length;
  const word = {ClusterRoleBinding: "subject", RoleBinding: "subject", Role: "binding", ClusterRole: "binding", Namespace: "binding"};
  const tally = i => el("span", {class: "soft"}, " " + count(size(i), word[nodes[i].kind] || "binding"));
  const most = ids => ids.map(i => [size(i), i]).sort((a, b) => b[0] - a[0] || a[1] - b[1]).map(x => x[1]);
  for (const p of list.filter(i => nodes[i].kind === "Everything")) add("hold everything" + (several ? " · " + clusterOf.get(nodes[p].cluster).label : ""), most([...reach(p, ins, "a", null, "escalates").keys()].filter(isSubject)), tally);
  add("with warnings", list.filter(i => (nodes[i].warnings || []).length));
  for (const k of KINDS) if (k !== "Everything") add(k, most(list.filter(i => nodes[i].kind === k)), tally);
  $("overview").replaceChildren(box);
}
const isSubject = i => ["User", "Group", "ServiceAccount"].includes(nodes[i].kind);

// --- the details ---
function ruleBox(r) {
  const row = (name, list) => list && list.length ? el("div", {}, el("dt", {}, name), " ", el("dd", {class: "mono"}, list.map(v => v === "" ? '""' : v).join(", "))) : null;
  return el("li", {class: "rule"}, el("dl", {}, row("verbs", r.verbs || []), row("apiGroups", r.apiGroups), row("resources", r.resources), row("resourceNames", r.resourceNames), row("nonResourceURLs", r.nonResourceURLs)),
    r.where ? el("div", {class: "at"}, r.where) : null);
}
function details() {
  const box = $("details");
  if (path >= 0) return box.replaceChildren(...pathDetails(data.paths[path]));
  if (focus < 0) return box.replaceChildren(...summary());
  const n = nodes[focus], parts = [el("p", {class: "kind"}, n.kind === "Everything" ? "power" : n.kind, several ? " · " + clusterOf.get(n.cluster).label : ""), el("h2", {}, n.displayName ? n.displayName : n.label)];
  if (n.displayName) parts.push(el("p", {class: "mono"}, n.label));
  if (n.where) parts.push(el("p", {class: "at"}, n.where));
  if (n.state === "missing") parts.push(el("p", {class: "note"}, "This role does not exist. Bindings to it grant nothing until somebody creates it: whoever may create roles decides what."));
  if (n.state === "unknown") parts.push(el("p", {class: "note"}, "This role is not here: it could not be read, or is part of the cluster and not of these files. What it allows is unknown."));
  for (const w of n.warnings || []) parts.push(el("p", {class: "note"}, w));
  const to = (kind, list, end) => list[focus].filter(e => edges[e].kind === kind).map(e => edges[e][end]);
  const put = (name, kind, list, end) => parts.push(...section(name, to(kind, list, end)));
  if (isSubject(focus)) {
    const held = [...reach(focus, outs, "b", null, "escalates").keys()].flatMap(i => outs[i]).filter(e => edges[e].kind === "everything").map(e => edges[e].b);
    for (const i of new Set(held)) parts.push(el("p", {class: "note"}, "Holds everything in " + (nodes[i].kind === "Namespace" ? "namespace " + nodes[i].label : "the cluster") + "."));
    put("bound by", "bound-by", outs, "b");
    const roles = new Map();
    for (const [i] of reach(focus, outs, "b")) if (nodes[i].kind === "Role" || nodes[i].kind === "ClusterRole") roles.set(i, 1);
    put("in groups", "member-of", outs, "b");
    put("members known", "member-of", ins, "a");
    parts.push(...section("roles in reach", [...roles.keys()]));
  }
  if (n.kind.endsWith("Binding")) {
    put("names", "bound-by", ins, "a");
    const drawnSubjects = to("bound-by", ins, "a").length;
    if ((n.subjects || 0) > drawnSubjects) parts.push(el("p", {class: "soft"}, "and " + count(n.subjects - drawnSubjects, "more subject") + " that this picture was not asked for"));
    if (!n.subjects) parts.push(el("p", {class: "soft"}, "names nobody"));
    put("grants", "grants", outs, "b");
    put("refers to", "dangling", outs, "b");
    put("in namespace", "holds-in", outs, "b");
    put("everything in", "everything", outs, "b");
  }
  if (n.kind === "Role" || n.kind === "ClusterRole") {
    if (n.everything) parts.push(el("p", {class: "note"}, "Allows every verb on every resource."));
    put("granted by", "grants", ins, "a");
    put("referred to by", "dangling", ins, "a");
    put("takes rules from", "aggregates", outs, "b");
    put("feeds", "aggregates", ins, "a");
    if (!ins[focus].length) parts.push(el("p", {class: "soft"}, "no binding drawn here grants it"));
    if (n.rules) parts.push(el("h3", {}, "rules (" + n.rules.length + ")"), el("ul", {class: "list"}, n.rules.map(ruleBox)));
    else if (!n.state) parts.push(el("p", {class: "soft"}, "has no rules"));
  }
  if (n.kind === "Namespace" || n.kind === "Everything") {
    const holders = new Set(reach(focus, ins, "a", null, "escalates").keys()), all = [...reach(focus, ins, "a").keys()];
    const who = list => list.filter(isSubject).sort((a, b) => a - b);
    parts.push(...section(n.kind === "Everything" ? "hold it" : "bound here", who([...holders])), ...section("can make themselves", who(all.filter(i => !holders.has(i)))));
    put("everything here by", "everything", ins, "a");
    put("bindings", "holds-in", ins, "a");
  }
  const steps = outs[focus].concat(ins[focus]).filter(e => edges[e].kind === "escalates");
  if (steps.length) parts.push(el("h3", {}, "escalation (" + steps.length + ")"), el("ul", {class: "list"}, steps.map(e => el("li", {class: "rule"}, el("span", {class: "alarm"}, edges[e].how), " ", title(nodes[edges[e].a]), " → ", title(nodes[edges[e].b]), el("div", {class: "soft"}, edges[e].text || "")))));
  const from = (data.paths || []).map((p, i) => [p, i]).filter(([p]) => byID.get(p.from) === focus);
  if (from.length) parts.push(...pathList(from));
  box.replaceChildren(...parts);
  box.scrollTop = 0;
}
function summary() {
  const parts = [el("h2", {}, "What is here")];
  const tally = KINDS.map(k => [k, nodes.filter(n => n.kind === k).length]).filter(([k, n]) => n && k !== "Everything");
  parts.push(el("p", {}, tally.map(([k, n]) => n.toLocaleString("en") + " " + k).join(", ") || "nothing"));
  parts.push(el("p", {class: "soft"}, "Click a node, or move with the arrow keys and press Enter, to see what it reaches and who reaches it. Esc goes back to all, / searches. The legend hides a kind."));
  for (const line of data.limits.filter(l => l.startsWith("unknown"))) parts.push(el("p", {class: "note"}, line));
  for (const w of data.warnings) parts.push(el("p", {class: "note"}, w));
  if (data.question.paths) {
    if ((data.paths || []).length) parts.push(...pathList(data.paths.map((p, i) => [p, i])));
    else parts.push(el("h3", {}, "paths to everything"), el("p", {}, "None was found from what is drawn."));
  }
  const asked = nodes.map((_, i) => i).filter(i => nodes[i].focus);
  parts.push(...section("asked for", asked));
  for (const p of $("overview").hidden ? nodes.map((_, i) => i).filter(i => nodes[i].kind === "Everything") : []) {
    parts.push(...section("hold everything" + (several ? " · " + clusterOf.get(nodes[p].cluster).label : ""), [...reach(p, ins, "a", null, "escalates").keys()].filter(isSubject).sort((a, b) => a - b)));
  }
  return parts;
}

// --- paths ---
function pathNodes(p) { return [...new Set(p.hops.flatMap(h => [byID.get(h.from), byID.get(h.to)]))]; }
function pathSteps(p) { return p.hops.map(h => ({a: byID.get(h.from), b: byID.get(h.to), kind: "escalates", how: h.how})); }
function pathList(list) {
  return [el("h3", {}, "paths to everything (" + list.length + ")"), el("ul", {class: "list"}, list.slice(0, 200).map(([p, i]) => el("li", {}, el("button", {type: "button", class: "link", onclick: () => goPath(i)}, title(nodes[byID.get(p.from)]), " ", el("span", {class: "alarm"}, p.hops.map(h => h.how).join(" → "))))))];
}
function pathDetails(p) {
  return [el("p", {class: "kind"}, "path to everything"), el("h2", {}, title(nodes[byID.get(p.from)])),
    p.sure ? null : el("p", {class: "soft"}, "It also takes what RBAC does not decide: see the hops."), p.alike ? el("p", {class: "soft"}, count(p.alike, "more way") + " alike, through others") : null,
    el("ol", {class: "list"}, p.hops.map((h, i) => el("li", {class: "rule"}, el("div", {}, (i + 1) + ". ", el("span", {class: "alarm"}, h.how), " → ", title(nodes[byID.get(h.to)])), el("div", {}, h.text), (h.evidence || []).map(t => el("div", {class: "at"}, t)), (h.needs || []).map(t => el("div", {class: "soft"}, "needs: " + t)))))].filter(Boolean);
}

// --- search ---
const haystack = nodes.map(n => (n.kind + " " + n.id + " " + n.label + " " + (n.displayName || "")).toLowerCase());
let hits = [], chosen = -1;
function search(text) {
  const words = text.toLowerCase().split(/\s+/).filter(Boolean);
  if (!words.length) return [];
  const found = [];
  haystack.forEach((h, i) => {
    if (!words.every(w => h.includes(w))) return;
    const l = nodes[i].label.toLowerCase();
    found.push([l === text.toLowerCase() ? 0 : l.startsWith(words[0]) ? 1 : l.includes(words[0]) ? 2 : 3, i]);
  });
  return found.sort((a, b) => a[0] - b[0] || a[1] - b[1]).map(f => f[1]);
}
function showHits() {
  const text = $("search").value, all = search(text), list = $("hits");
  hits = all.slice(0, 30); chosen = hits.length ? 0 : -1;
  list.replaceChildren(...hits.map((i, at) => el("li", {role: "option", id: "hit" + at, "aria-selected": at === 0 ? "true" : "false", onmousedown: ev => { ev.preventDefault(); pick(at); }}, el("span", {class: "kind"}, nodes[i].kind + " "), nodes[i].label, nodes[i].displayName ? el("span", {class: "soft"}, " " + nodes[i].displayName) : null, several ? el("span", {class: "tag soft"}, clusterOf.get(nodes[i].cluster).label) : null)),
    ...(text && !hits.length ? [el("li", {class: "none"}, "nothing matches")] : all.length > hits.length ? [el("li", {class: "none"}, (all.length - hits.length).toLocaleString("en") + " more")] : []));
  open(!!text);
  mark();
}
function open(yes) { $("hits").hidden = !yes; $("search").setAttribute("aria-expanded", yes ? "true" : "false"); if (!yes) $("search").removeAttribute("aria-activedescendant"); }
function mark() {
  hits.forEach((_, at) => $("hit" + at).setAttribute("aria-selected", at === chosen ? "true" : "false"));
  if (chosen >= 0) { $("search").setAttribute("aria-activedescendant", "hit" + chosen); $("hit" + chosen).scrollIntoView({block: "nearest"}); }
}
function pick(at) { if (at >= 0) { open(false); go(hits[at]); } }

// --- keys and pointer ---
function walk(key) { // arrow keys: along a column, or to the neighbour beside it
  const at = document.activeElement && document.activeElement.closest && document.activeElement.closest(".node");
  if (!at || !drawn) return false;
  const i = byID.get(at.dataset.id), p = drawn.pos.get(i), column = drawn.cols[p.column].list;
  let next;
  if (key === "ArrowDown" || key === "ArrowUp") next = column[column.indexOf(i) + (key === "ArrowDown" ? 1 : -1)];
  else {
    const side = key === "ArrowRight" ? 1 : -1;
    const others = outs[i].map(e => edges[e].b).concat(ins[i].map(e => edges[e].a)).filter(o => drawn.inside.has(o) && Math.sign(drawn.pos.get(o).column - p.column) === side);
    next = others.sort((a, b) => Math.abs(drawn.pos.get(a).column - p.column) - Math.abs(drawn.pos.get(b).column - p.column) || Math.abs(drawn.pos.get(a).y - p.y) - Math.abs(drawn.pos.get(b).y - p.y))[0];
    if (next === undefined && drawn.cols[p.column + side]) next = drawn.cols[p.column + side].list.slice().sort((a, b) => Math.abs(drawn.pos.get(a).y - p.y) - Math.abs(drawn.pos.get(b).y - p.y))[0];
  }
  if (next === undefined) return true;
  at.setAttribute("tabindex", "-1");
  const g = drawn.parts.nodes.get(next);
  g.setAttribute("tabindex", "0");
  g.focus({preventScroll: true});
  g.scrollIntoView({block: "nearest", inline: "nearest"});
  return true;
}
document.addEventListener("keydown", ev => {
  const typing = ev.target === $("search");
  if (ev.ctrlKey || ev.metaKey || ev.altKey) return;
  if (ev.key === "/" && !typing) { ev.preventDefault(); $("search").focus(); $("search").select(); }
  else if (ev.key === "Escape") { if (typing && !$("hits").hidden) open(false); else { $("search").blur(); go(-1); } }
  else if (typing) {
    if (ev.key === "ArrowDown" || ev.key === "ArrowUp") { ev.preventDefault(); if (hits.length) { chosen = (chosen + (ev.key === "ArrowDown" ? 1 : hits.length - 1)) % hits.length; mark(); } }
  }
  else if (ev.key.startsWith("Arrow")) { if (walk(ev.key)) ev.preventDefault(); }
  else if ((ev.key === "Enter" || ev.key === " ") && ev.target.closest && ev.target.closest(".node")) { ev.preventDefault(); go(byID.get(ev.target.closest(".node").dataset.id)); }
  else if (ev.key === "+" || ev.key === "=") zoom(1.25);
  else if (ev.key === "-") zoom(.8);
  else if (ev.key === "0") fit();
});
$("search").addEventListener("input", showHits);
$("search").addEventListener("focus", () => { if ($("search").value) showHits(); });
$("search").addEventListener("blur", () => open(false));
$("find").addEventListener("submit", ev => { ev.preventDefault(); if (chosen >= 0) pick(chosen); });
$("all").addEventListener("click", () => go(-1));
$("back").addEventListener("click", () => { const last = trail.pop(); if (last) { if (last.path >= 0) { goPath(last.path); trail.pop(); } else go(last.focus, true); } });
$("in").addEventListener("click", () => zoom(1.25));
$("out").addEventListener("click", () => zoom(.8));
$("fit").addEventListener("click", fit);
let grab = null, moved = false;
$("canvas").addEventListener("pointerdown", ev => { moved = false; if (ev.button === 0 && ev.pointerType === "mouse") grab = {x: ev.clientX, y: ev.clientY, left: $("canvas").scrollLeft, top: $("canvas").scrollTop}; });
window.addEventListener("pointermove", ev => {
  if (!grab) return;
  if (Math.abs(ev.clientX - grab.x) + Math.abs(ev.clientY - grab.y) > 5) { moved = true; $("canvas").classList.add("drag"); }
  if (moved) $("canvas").scrollTo(grab.left - ev.clientX + grab.x, grab.top - ev.clientY + grab.y);
});
window.addEventListener("pointerup", () => { grab = null; $("canvas").classList.remove("drag"); });
$("canvas").addEventListener("wheel", ev => { if (ev.ctrlKey) { ev.preventDefault(); zoom(ev.deltaY < 0 ? 1.1 : .9); } }, {passive: false});
window.addEventListener("hashchange", fromHash);
window.addEventListener("resize", () => { if (drawn) fit(); });

// --- frame ---
function frame() {
  const facts = $("facts");
  data.clusters.forEach((c, i) => {
    if (i) facts.append(" · ");
    if (c.source.lab) facts.append(el("span", {class: "lab"}, "LAB"), " ");
    facts.append(c.name + (c.source.files ? " (" + c.source.files.slice(0, 3).join(", ") + (c.source.files.length > 3 ? " and " + (c.source.files.length - 3) + " more" : "") + ")" : "") + ", " + (c.source.kind === "files" ? "files read " : "read ") + c.taken.replace("T", " ").replace(/(\.\d+)?Z$/, " UTC"));
  });
  if (data.clusters.some(c => c.unknown.length)) facts.append(" ", el("strong", {class: "alarm"}, "incomplete: a part could not be read"));
  const q = data.question, asked = [];
  if (q.subjects) asked.push(q.subjects.join(", "));
  if (q.regex !== undefined) asked.push("subjects matching " + q.regex);
  if (q.roles) asked.push("roles " + q.roles.join(", "));
  if (q.namespace) asked.push("namespace " + q.namespace);
  if (asked.length) facts.append(" · asked for: " + asked.join("; "));
  const legend = $("legend");
  for (const k of KINDS) {
    if (!nodes.some(n => n.kind === k)) continue;
    const b = el("button", {type: "button", "aria-pressed": "true", title: "show or hide", onclick: () => { if (!hidden.delete(k)) hidden.add(k); b.setAttribute("aria-pressed", hidden.has(k) ? "false" : "true"); render(); }}, el("span", {class: "swatch k-" + k}), k);
    legend.append(el("li", {}, b));
  }
  for (const [cls, text] of [["", "bound, grants"], ["dash", "member of, feeds, in namespace, dangling"], ["red", "everything, escalation"]]) legend.append(el("li", {class: "soft"}, el("span", {class: "stroke " + cls}), " " + text));
  const foot = $("limits"), ul = el("ul");
  for (const line of data.limits) ul.append(el("li", {class: line.startsWith("unknown") ? "alarm" : undefined}, line));
  if (data.limits.length) foot.append("What this page does not show:", ul);
}
frame();
fromHash();
if (!drawn && !document.body.dataset.drawn) render();
})();

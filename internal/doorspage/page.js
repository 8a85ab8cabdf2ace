"use strict";
(() => {
  const search = document.getElementById("search"), only = document.getElementById("openonly"), found = document.getElementById("found");
  const doors = [...document.querySelectorAll(".door")], sections = [...document.querySelectorAll("section.cluster")];
  const texts = new Map(doors.map(d => [d, d.textContent.toLowerCase()]));
  const names = new Map(sections.map(s => [s, (s.querySelector("h2").textContent + " " + (s.querySelector(".facts")?.textContent ?? "")).toLowerCase()]));
  const filter = () => {
    const words = search.value.toLowerCase().split(/\s+/).filter(Boolean);
    let shown = 0;
    for (const s of sections) {
      let any = false;
      for (const d of s.querySelectorAll(".door")) {
        const text = names.get(s) + " " + texts.get(d), wanted = !only.checked || d.dataset.state === "open" || d.dataset.state === "unknown";
        d.hidden = !(wanted && words.every(w => text.includes(w)));
        if (!d.hidden) { any = true; shown++; }
      }
      s.hidden = !any && (words.length > 0 || only.checked) && !(s.querySelector(".door") === null && words.every(w => s.textContent.toLowerCase().includes(w)));
    }
    found.textContent = words.length || only.checked ? shown + (shown === 1 ? " door" : " doors") : "";
  };
  search.addEventListener("input", filter);
  only.addEventListener("change", filter);
  document.getElementById("find").addEventListener("submit", e => e.preventDefault());
  document.getElementById("expand").addEventListener("click", () => {
    const close = doors.every(d => d.open);
    for (const d of doors) d.open = !close;
  });
  document.addEventListener("keydown", e => {
    if (e.key === "/" && document.activeElement !== search) { e.preventDefault(); search.focus(); }
  });
  let opened = [];
  addEventListener("beforeprint", () => { for (const d of doors) if (!d.open) { opened.push(d); d.open = true; } });
  addEventListener("afterprint", () => { for (const d of opened) d.open = false; opened = []; });
})();

"use strict";
(() => {
  const all = (selector, root = document) => [...root.querySelectorAll(selector)];
  const at = (id) => document.getElementById(id);
  const lower = (element) => element.textContent.toLowerCase();
  const grid = at("grid"), lines = all("#grid tbody tr"), certificates = all("#certificates ~ * tbody tr, #certificates ~ table tbody tr");
  const hosts = all("details.h").map((section, i) => ({ section, line: lines[i], name: lower(section.querySelector("h3")) }));
  const pairs = all(".pairs tbody tr");
  const allRows = document.querySelectorAll(".r:is(div, details)").length;

  // A host is read when the first filter needs it.
  function read(host) {
    if (host.rows) return;
    host.rows = all(".r:is(div, details)", host.section).map((element) => {
      const [, port, , services] = (element.tagName === "DETAILS" ? element.firstChild : element).children;
      const more = element.querySelector("dt");
      return {
        element, text: lower(element), port: port.textContent.trim(), letters: element.className.split(" ").slice(1).map((c) => c.slice(-1)),
        services: (more && more.textContent === "Services" ? more.nextSibling : services).textContent.trim().split(", "),
      };
    });
    const head = all(":scope > summary, :scope > div > :not(.r)", host.section);
    host.text = head.map(lower).join("\n");
  }

  function filter() {
    const boxes = all("#controls input[type=checkbox]"), grades = boxes.filter((b) => b.checked).map((b) => b.value);
    const name = at("host").value.trim().toLowerCase(), site = at("site").value, word = at("word").value.trim().toLowerCase();
    const [service, port] = at("service").value.split("\n");
    const narrow = grades.length < boxes.length || service || word;
    let shown = 0, rows = 0;
    for (const host of hosts) {
      let fits = host.name.includes(name) && (!site || host.site === site);
      if (fits && narrow) {
        read(host);
        const named = host.text.includes(word);
        const fitting = host.rows.filter((row) => row.letters.some((l) => grades.includes(l)) &&
          (!service || row.services.includes(service) && (!port || port === row.port)) && (named || row.text.includes(word)));
        for (const row of host.rows) row.element.hidden = true;
        for (const row of fitting) for (let e = row.element; e !== host.section; e = e.parentElement) e.hidden = false;
        rows += fitting.length;
        fits = fitting.length > 0;
      } else if (fits && host.rows) {
        for (const row of host.rows) row.element.hidden = false;
      }
      host.section.hidden = !fits;
      if (host.line) host.line.hidden = !fits;
      if (fits) shown++;
      if (fits && !narrow) rows += host.rows ? host.rows.length : host.section.querySelectorAll(".r:is(div, details)").length;
    }
    for (const line of certificates) line.hidden = !lower(line).includes(word);
    for (const line of pairs) line.hidden = all("a", line).every((link) => hosts[link.hash.slice(2) - 1].section.hidden);
    columns(at("service").selectedIndex);
    at("count").textContent = `${shown} of ${counted(hosts.length, at("count").dataset.unit)} and ${rows} of ${counted(allRows, "row")} shown.`;
  }

  const counted = (n, unit) => n === 1 ? `1 ${unit}` : `${n} ${unit}s`;

  // The table shows all columns, or the host, its grade and one service.
  let narrowed = 0;
  function columns(chosen) {
    if (!grid || chosen === narrowed) return;
    narrowed = chosen;
    for (const row of grid.rows) for (const cell of row.cells) {
      cell.hidden = chosen > 0 && cell.cellIndex > 1 && cell.cellIndex !== chosen + 1;
    }
  }

  const ranks = { f: 3, u: 2, w: 1, p: 0 };
  function sort(heading) {
    const i = heading.cellIndex, names = i === 0;
    const was = heading.getAttribute("aria-sort"), rising = was ? was === "descending" : names;
    for (const other of heading.parentElement.cells) other.removeAttribute("aria-sort");
    heading.setAttribute("aria-sort", rising ? "ascending" : "descending");
    const order = new Intl.Collator("en", { numeric: true }).compare;
    const rank = (cell) => ranks[cell.className[0]] ?? -1;
    const compare = (a, b) => names ? order(a.cells[0].textContent, b.cells[0].textContent) : rank(a.cells[i]) - rank(b.cells[i]);
    const sorted = all("tbody tr", grid).sort((a, b) => rising ? compare(a, b) : compare(b, a));
    grid.tBodies[0].append(...sorted);
  }

  function reset() {
    for (const box of all("#controls input[type=checkbox]")) box.checked = true;
    for (const id of ["host", "site", "word", "service"]) at(id).value = "";
    filter();
  }

  // What an address leads to opens, whatever the filter.
  function reveal() {
    const target = at(location.hash.slice(1));
    if (!target) return;
    if (target.closest("[hidden]")) reset();
    for (let e = target; e; e = e.parentElement) if (e.tagName === "DETAILS") e.open = true;
    const show = () => (target.closest(".r, .h") || target).scrollIntoView({ block: "start" });
    show();
    requestAnimationFrame(show); // what came into view on the way is laid out by now
  }

  function openAll(open) {
    for (const details of all("details.h, details.r")) if (!open || !details.closest("[hidden]")) details.open = open;
  }

  for (const heading of all("#grid thead th")) {
    const button = document.createElement("button");
    button.type = "button";
    button.append(...heading.childNodes);
    heading.append(button);
    button.addEventListener("click", () => sort(heading));
    if (heading.cellIndex < 2) continue;
    const [service, port] = [...button.querySelector("span").childNodes].map((n) => n.textContent.trim());
    at("service").add(new Option(`${service} ${port}`, `${service}\n${port}`));
  }
  // A report has sites if its list of hosts has them.
  for (const host of hosts) {
    const named = host.section.querySelector(":scope > div > dl > dt");
    host.site = named && named.textContent === "Site" ? named.nextSibling.textContent : "";
  }
  const sites = [...new Set(hosts.map((host) => host.site))].filter(Boolean).sort();
  for (const site of sites) at("site").add(new Option(site, site));
  at("site").parentElement.hidden = sites.length === 0;

  at("controls").addEventListener("input", filter);
  at("open").addEventListener("click", () => openAll(true));
  at("close").addEventListener("click", () => openAll(false));
  at("reset").addEventListener("click", reset);
  addEventListener("hashchange", reveal);
  at("controls").hidden = false;
  filter();
  reveal();
})();

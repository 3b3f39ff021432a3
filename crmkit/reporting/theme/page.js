"use strict";
// Values of charts under the pointer; tables that can be sorted, filtered and saved. Without this script all can be read.
(() => {
  const FEWEST_TO_SORT = 3, FEWEST_TO_FILTER = 12, REACH = 28;  // rows, rows, CSS pixels
  const make = (tag, properties, parent) => {
    const element = Object.assign(document.createElement(tag), properties);
    if (parent) parent.append(element);
    return element;
  };

  // Charts: the mark nearest to the pointer says its value, for fingers too.
  const shown = make("div", {className: "shown-value", hidden: true}, document.body);
  shown.setAttribute("aria-hidden", "true");
  for (const chart of document.querySelectorAll("svg.chart")) {
    const marks = [...chart.querySelectorAll("title")].map(title => {
      const mark = {element: title.parentNode, words: title.textContent};
      title.remove();  // or the browser would show it a second time
      return mark;
    });
    if (!marks.length) continue;
    const show = event => {
      let best = null, least = REACH;
      for (const mark of marks) {
        const box = mark.element.getBoundingClientRect();
        const dx = Math.max(box.left - event.clientX, 0, event.clientX - box.right);
        const dy = Math.max(box.top - event.clientY, 0, event.clientY - box.bottom);
        const far = Math.hypot(dx, dy);
        if (far < least || (far === least && !best)) { best = {words: mark.words, box}; least = far; }
      }
      shown.hidden = !best;
      if (!best) return;
      shown.textContent = best.words;
      const middle = (best.box.left + best.box.right) / 2, half = shown.offsetWidth / 2;
      const left = Math.min(Math.max(middle, half + 4), document.documentElement.clientWidth - half - 4);
      const above = best.box.top - shown.offsetHeight - 8;
      shown.style.left = `${left - half + scrollX}px`;
      shown.style.top = `${(above > 0 ? above : best.box.bottom + 8) + scrollY}px`;
    };
    chart.addEventListener("pointermove", show);
    chart.addEventListener("pointerdown", show);
    chart.addEventListener("pointerleave", event => { if (event.pointerType === "mouse") shown.hidden = true; });
  }
  addEventListener("keydown", event => { if (event.key === "Escape") shown.hidden = true; });
  document.addEventListener("pointerdown", event => { if (!event.target.closest("svg.chart")) shown.hidden = true; });

  // Tables. What a cell says is compared as a number, a day or a text; what is not known stands last.
  const LARGE = {thousand: 1e3, million: 1e6, billion: 1e9, trillion: 1e12};
  const numberOf = text => {
    const found = text.replace(/[,\u00a0\u2060]/g, "").replace(/\u2212/g, "-").match(/(-?)\D*?(\d+(?:\.\d+)?)\s*(\w*)/);
    return found ? Number(found[1] + found[2]) * (LARGE[found[3]] || 1) : NaN;
  };
  const dayOf = text => /^\d{1,2}\s\w{3}\s\d{4}$/.test(text) ? Date.parse(text) : NaN;
  const wordsOf = cell => cell ? cell.textContent.replace(/\u2060/g, "").trim() : "";

  const sortBy = (table, head, place) => {
    const falls = head.getAttribute("aria-sort") === "ascending";
    for (const each of table.tHead.rows[0].cells) each.removeAttribute("aria-sort");
    head.setAttribute("aria-sort", falls ? "descending" : "ascending");
    const rows = [...table.tBodies[0].rows].map(row => ({row, text: wordsOf(row.cells[place])}));
    const known = rows.filter(each => each.text && each.text !== "\u2013");
    const days = known.every(each => !isNaN(dayOf(each.text)));
    const isNumber = head.classList.contains("number");
    const keyOf = each => each.text === "\u2013" ? NaN : days ? dayOf(each.text) : numberOf(each.text);
    rows.forEach(each => { each.key = keyOf(each); });
    const lacks = each => days || isNumber ? isNaN(each.key) : !each.text || each.text === "\u2013";
    const order = (one, other) => days || isNumber ? one.key - other.key : one.text.localeCompare(other.text, undefined, {numeric: true});
    rows.sort((one, other) => lacks(one) - lacks(other) || (lacks(one) ? 0 : (falls ? -1 : 1) * order(one, other)));
    table.tBodies[0].append(...rows.map(each => each.row));
  };

  // A text that a spreadsheet would run as a formula gets an apostrophe.
  const quoted = text => `"${(/^[=+\-@\t\r]/.test(text) ? "'" : "") + text.replace(/"/g, '""')}"`;
  const save = (table, name) => {
    const rows = [table.tHead.rows[0], ...table.tBodies[0].rows].filter(row => row && !row.hidden);
    const lines = rows.map(row => [...row.cells].map(cell => quoted(wordsOf(cell).replace(/\u00a0/g, " "))).join(","));
    const href = URL.createObjectURL(new Blob(["\ufeff" + lines.join("\n") + "\n"], {type: "text/csv"}));
    const slug = name.toLowerCase().replace(/[^\p{L}\p{N}]+/gu, "_").replace(/^_+|_+$/g, "").slice(0, 60) || "table";
    make("a", {href, download: `${slug}.csv`}).click();
    setTimeout(() => URL.revokeObjectURL(href), 1000);
  };

  for (const box of document.querySelectorAll(".scroll")) {
    const table = box.querySelector("table");
    if (!table || !table.tHead || !table.tBodies.length || table.tBodies[0].rows.length < FEWEST_TO_SORT) continue;
    const name = (table.caption ? table.caption.textContent : "") || box.getAttribute("aria-label") || "table";
    [...table.tHead.rows[0].cells].forEach((head, place) => {
      const words = head.textContent.trim();
      if (!words) return;
      const button = make("button", {type: "button", title: "Sort"});
      button.append(...head.childNodes);
      head.append(button);
      button.addEventListener("click", () => sortBy(table, head, place));
    });
    const tools = make("div", {className: "tools"});
    const rows = [...table.tBodies[0].rows];
    if (rows.length >= FEWEST_TO_FILTER) {
      const field = make("input", {type: "search", placeholder: "Filter these rows"}, tools);
      field.setAttribute("aria-label", `Filter the rows: ${name}`);
      const told = make("span", {}, tools);
      told.setAttribute("role", "status");
      field.addEventListener("input", () => {
        const wanted = field.value.trim().toLowerCase();
        for (const row of rows) row.hidden = !row.textContent.toLowerCase().includes(wanted);
        const left = rows.filter(row => !row.hidden).length;
        told.textContent = wanted ? `${left} of ${rows.length} rows` : "";
      });
    }
    make("button", {type: "button", textContent: "Download this table"}, tools).addEventListener("click", () => save(table, name));
    box.after(tools);
  }
})();

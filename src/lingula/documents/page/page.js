"use strict";
for (const table of document.querySelectorAll("table.sortable")) {
  const body = table.tBodies[0];
  const heads = [...table.tHead.rows[0].cells];
  heads.forEach((head, column) => {
    head.querySelector("button").addEventListener("click", () => {
      const wasDown = head.getAttribute("aria-sort") === "descending";
      const isNumber = head.classList.contains("number");
      // Numbers start with the largest, words with the first of the alphabet.
      const first = isNumber || body.querySelector(`tr > :nth-child(${column + 1}).stars`) ? -1 : 1;
      const sorted = head.hasAttribute("aria-sort");
      const sign = sorted ? (wasDown ? 1 : -1) : first;
      heads.forEach((other) => other.removeAttribute("aria-sort"));
      head.setAttribute("aria-sort", sign < 0 ? "descending" : "ascending");
      const key = (row) => row.cells[column].dataset.key;
      const rows = [...body.rows];
      rows.sort((a, b) => {
        const [x, y] = [key(a), key(b)];
        if (x === "" || y === "") return (x === "") - (y === "");
        const [p, q] = [Number(x), Number(y)];
        if (!Number.isNaN(p) && !Number.isNaN(q)) return sign * (p - q);
        return sign * x.localeCompare(y, "en");
      });
      body.append(...rows);
    });
  });
}
// A table that is wider than its place says so.
const tell = () => document.querySelectorAll(".scroll").forEach((place) => {
  place.previousElementSibling.hidden = place.scrollWidth <= place.clientWidth + 1;
});
tell();
addEventListener("resize", tell);
document.addEventListener("toggle", tell, true);
addEventListener("beforeprint", () => {
  for (const item of document.querySelectorAll("details")) item.open = true;
});

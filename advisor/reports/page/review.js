"use strict";
(function () {
  var heard = document.querySelector("[role=status]");
  function keyed(cell) {
    var key = cell.getAttribute("data-key");
    if (key !== null) { return key === "none" ? null : Number(key); }
    var text = cell.textContent.trim();
    var plain = Number(text.replace(/,/g, ""));
    return text !== "" && !Number.isNaN(plain) ? plain : text;
  }
  function compared(a, b) {
    if (typeof a === "number" && typeof b === "number") { return a < b ? -1 : a > b ? 1 : 0; }
    return String(a).localeCompare(String(b), "en", { numeric: true });
  }
  function sorted(table, head, column) {
    var down = head.getAttribute("aria-sort") === "ascending";
    var body = table.tBodies[0];
    var rows = Array.prototype.map.call(body.rows, function (row, n) {
      return { row: row, key: keyed(row.cells[column]), n: n };
    });
    rows.sort(function (a, b) {
      if (a.key === null || b.key === null) { return (a.key === null) - (b.key === null) || a.n - b.n; }
      return (down ? -1 : 1) * compared(a.key, b.key) || a.n - b.n;
    });
    rows.forEach(function (one) { body.appendChild(one.row); });
    Array.prototype.forEach.call(table.tHead.rows[0].cells, function (cell) { cell.setAttribute("aria-sort", "none"); });
    head.setAttribute("aria-sort", down ? "descending" : "ascending");
    heard.textContent = "Sorted by " + head.textContent + (down ? ", falling" : ", rising");
  }
  Array.prototype.forEach.call(document.querySelectorAll("table[data-sorts]"), function (table) {
    Array.prototype.forEach.call(table.tHead.rows[0].cells, function (head, column) {
      var button = document.createElement("button");
      button.type = "button";
      button.textContent = head.textContent;
      head.textContent = "";
      head.appendChild(button);
      head.setAttribute("aria-sort", "none");
      button.addEventListener("click", function () { sorted(table, head, column); });
    });
  });
  var opened = [];
  window.addEventListener("beforeprint", function () {
    opened = Array.prototype.filter.call(document.querySelectorAll("details"), function (one) { return !one.open; });
    opened.forEach(function (one) { one.open = true; });
  });
  window.addEventListener("afterprint", function () {
    opened.forEach(function (one) { one.open = false; });
  });
})();

// A page without this script shows everything, in rank order. With it, one can choose.
"use strict";

const root = document.documentElement;
const board = document.querySelector(".board"); // the first screen has none
const table = board && board.querySelector(".ranking");
const moreBox = board && board.querySelector("[data-more]");
const rows = board ? [...board.querySelectorAll(".row")] : [];
const state = { sort: "", dir: "", q: "", kind: "", more: "", open: [], theme: "" };

function read() {
  const hash = location.hash.slice(1);
  const isState = hash.includes("=");
  const given = new URLSearchParams(isState ? hash : "");
  for (const key of Object.keys(state)) {
    const value = given.get(key) || "";
    if (isState) state[key] = key === "open" ? value.split(",").filter(Boolean) : value;
  }
  const target = isState ? null : document.getElementById(hash);
  if (target && target.classList.contains("row") && !state.open.includes(target.id)) {
    state.open.push(target.id);
  }
  return target;
}

function write() {
  const given = new URLSearchParams();
  for (const [key, value] of Object.entries(state)) {
    const text = Array.isArray(value) ? value.join(",") : value;
    if (text) given.set(key, text);
  }
  const hash = given.toString();
  history.replaceState(null, "", hash ? "#" + hash : location.pathname + location.search);
}

function compare(a, b, sign) {
  // A row that lacks runs stays below those that have all, whatever it is sorted by.
  if (a.lacking !== b.lacking) return a.lacking - b.lacking;
  const [x, y] = [a.key, b.key];
  if (x === null || y === null) return (x === null) - (y === null) || a.place - b.place;
  const order = typeof x === "number" ? x - y : x.localeCompare(y);
  return sign * order || a.place - b.place;
}

function keyOf(row, column) {
  const cell = row.querySelector(`.line > .col-${CSS.escape(column)}`);
  const value = cell ? cell.dataset.value : undefined;
  if (value === undefined) return null;
  return value !== "" && Number.isFinite(Number(value)) ? Number(value) : value;
}

function sortRows() {
  const heads = [...table.tHead.querySelectorAll("[data-key]")];
  const chosen = heads.find((th) => th.dataset.key === (state.sort || "worst_group_accuracy"));
  if (!chosen) return;
  const direction = state.dir || chosen.dataset.first;
  for (const th of heads) th.removeAttribute("aria-sort");
  chosen.setAttribute("aria-sort", direction);
  const sign = direction === "ascending" ? 1 : -1;
  for (const group of ["ranked", "control"]) {
    const keyed = rows.filter((row) => row.dataset.group === group).map((row) => ({
      row,
      key: keyOf(row, chosen.dataset.key),
      place: Number(row.dataset.place),
      lacking: "lacking" in row.dataset,
    }));
    keyed.sort((a, b) => compare(a, b, sign));
    const moved = document.createDocumentFragment();
    for (const { row } of keyed) moved.append(row);
    table.insertBefore(moved, group === "ranked" ? table.querySelector(".divider") : null);
  }
  board.querySelector("[data-sort]").value = chosen.dataset.key;
  if (chosen.classList.contains("more")) moreBox.checked = true;
}

function filterRows() {
  const words = state.q.toLowerCase().split(/\s+/).filter(Boolean);
  for (const row of rows) {
    const fits = words.every((word) => row.dataset.words.includes(word));
    row.hidden = !fits || Boolean(state.kind && row.dataset.kind !== state.kind);
  }
  const divider = board.querySelector(".divider");
  if (divider) divider.hidden = !rows.some((row) => row.dataset.group === "control" && !row.hidden);
  const shown = rows.filter((row) => !row.hidden).length;
  board.querySelector("[data-count]").textContent =
    shown === rows.length ? `${rows.length} rows` : `${shown} of ${rows.length} rows`;
  board.querySelector("[data-filter]").value = state.q;
  board.querySelector("select[data-kind]").value = state.kind;
}

function showColumns() {
  if (moreBox) moreBox.checked = Boolean(state.more);
}

function openRows() {
  for (const row of rows) {
    const isOpen = state.open.includes(row.id);
    row.classList.toggle("open", isOpen);
    row.querySelector(".expand").setAttribute("aria-expanded", String(isOpen));
  }
}

function colour() {
  const dark = state.theme
    ? state.theme === "dark"
    : window.matchMedia("(prefers-color-scheme: dark)").matches;
  if (state.theme) root.dataset.theme = state.theme;
  document.getElementById("theme").textContent = dark ? "Light" : "Dark";
  // Another page of the site keeps the colours that the reader chose.
  for (const link of document.querySelectorAll("a[data-page]")) {
    link.hash = state.theme ? `theme=${state.theme}` : "";
  }
}

function show() {
  colour();
  if (!board) return;
  showColumns();
  sortRows();
  filterRows();
  openRows();
}

function change(changes, draw) {
  Object.assign(state, changes);
  draw();
  write();
}

function prepare() {
  board.querySelector(".toolbar").hidden = false;
  rows.forEach((row, place) => {
    row.dataset.place = String(place);
    const button = row.querySelector(".expand");
    button.disabled = false;
    button.addEventListener("click", () => {
      const others = state.open.filter((id) => id !== row.id);
      const now = others.length === state.open.length ? [...others, row.id] : others;
      change({ open: now }, openRows);
    });
  });
  for (const th of table.tHead.querySelectorAll("[data-key]")) {
    const words = th.querySelector(".head");
    const button = document.createElement("button");
    button.type = "button";
    button.className = words.className;
    button.title = words.title;
    button.append(...words.childNodes);
    words.replaceWith(button);
    button.addEventListener("click", () => {
      const now = th.getAttribute("aria-sort");
      const turned = now === "ascending" ? "descending" : "ascending";
      change({ sort: th.dataset.key, dir: now ? turned : th.dataset.first }, sortRows);
    });
  }
  const on = (selector, event, changes, draw) =>
    board.querySelector(selector).addEventListener(event, ({ target }) => change(changes(target.value), draw));
  on("[data-sort]", "change", (sort) => ({ sort, dir: "" }), sortRows);
  on("[data-filter]", "input", (q) => ({ q }), filterRows);
  if (moreBox) moreBox.addEventListener("change", () => change({ more: moreBox.checked ? "1" : "" }, showColumns));
  on("select[data-kind]", "change", (kind) => ({ kind }), filterRows);
}

function follow() {
  const target = read();
  show();
  if (target) target.scrollIntoView();
}

root.classList.add("js");
if (board) prepare();
const theme = document.getElementById("theme");
theme.hidden = false;
theme.addEventListener("click", () => change({ theme: theme.textContent.toLowerCase() }, colour));
window.addEventListener("hashchange", follow);
follow();

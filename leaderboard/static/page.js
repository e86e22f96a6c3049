// The page without this script shows everything, in rank order. With it, one can choose.
"use strict";

const root = document.documentElement;
const boards = [...document.querySelectorAll(".board")];
const tabs = [...document.querySelectorAll("[data-tab]")];
const state = { board: "", sort: "", dir: "", q: "", kind: "", open: [], theme: "" };

function read() {
  const hash = location.hash.slice(1);
  const isState = hash.includes("=");
  const given = new URLSearchParams(isState ? hash : "");
  for (const key of Object.keys(state)) {
    const value = given.get(key) || "";
    if (isState) state[key] = key === "open" ? value.split(",").filter(Boolean) : value;
  }
  const target = isState ? null : document.getElementById(hash);
  const home = target ? target.closest(".board") : null;
  if (home) state.board = home.id;
  if (!boards.some((board) => board.id === state.board)) state.board = boards[0].id;
  if (target && target.classList.contains("row") && !state.open.includes(target.id)) {
    state.open.push(target.id);
  }
  return target;
}

function write() {
  const given = new URLSearchParams();
  for (const [key, value] of Object.entries(state)) {
    const text = Array.isArray(value) ? value.join(",") : value;
    if (text && !(key === "board" && text === boards[0].id)) given.set(key, text);
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

function sortBoard(board) {
  const table = board.querySelector(".ranking");
  const heads = [...table.tHead.querySelectorAll("th")];
  const chosen = heads.find((th) => th.dataset.key === (state.sort || "worst_group_accuracy"));
  if (!chosen) return;
  const direction = state.dir || chosen.dataset.first;
  for (const th of heads) th.removeAttribute("aria-sort");
  chosen.setAttribute("aria-sort", direction);
  const sign = direction === "ascending" ? 1 : -1;
  for (const group of ["ranked", "control"]) {
    const rows = [...table.querySelectorAll(`.row[data-group="${group}"]`)];
    const keyed = rows.map((row) => ({
      row,
      key: keyOf(row, chosen.dataset.key),
      place: Number(row.dataset.place),
      lacking: "lacking" in row.dataset,
    }));
    keyed.sort((a, b) => compare(a, b, sign));
    const divider = group === "ranked" ? table.querySelector(".divider") : null;
    for (const { row } of keyed) table.insertBefore(row, divider);
  }
  board.querySelector("[data-sort]").value = chosen.dataset.key;
}

function filterBoard(board) {
  const words = state.q.toLowerCase().split(/\s+/).filter(Boolean);
  const rows = [...board.querySelectorAll(".row")];
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

function show() {
  const dark = state.theme
    ? state.theme === "dark"
    : window.matchMedia("(prefers-color-scheme: dark)").matches;
  if (state.theme) root.dataset.theme = state.theme;
  document.getElementById("theme").textContent = dark ? "Light" : "Dark";
  for (const board of boards) {
    board.hidden = board.id !== state.board;
    sortBoard(board);
    filterBoard(board);
    for (const row of board.querySelectorAll(".row")) {
      const open = state.open.includes(row.id);
      row.classList.toggle("open", open);
      row.querySelector(".expand").setAttribute("aria-expanded", String(open));
    }
  }
  for (const tab of tabs) {
    if (tab.dataset.tab === state.board) tab.setAttribute("aria-current", "page");
    else tab.removeAttribute("aria-current");
  }
}

function change(changes) {
  Object.assign(state, changes);
  show();
  write();
}

function prepare(board) {
  board.querySelector(".toolbar").hidden = false;
  board.querySelectorAll(".row").forEach((row, place) => {
    row.dataset.place = String(place);
    const button = row.querySelector(".expand");
    button.disabled = false;
    button.addEventListener("click", () => {
      const open = state.open.filter((id) => id !== row.id);
      change({ open: open.length === state.open.length ? [...open, row.id] : open });
    });
  });
  for (const th of board.querySelectorAll(".ranking > thead th")) {
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
      change({ sort: th.dataset.key, dir: now ? turned : th.dataset.first });
    });
  }
  board.querySelector("[data-sort]").addEventListener("change", (event) => change({ sort: event.target.value, dir: "" }));
  board.querySelector("[data-filter]").addEventListener("input", (event) => change({ q: event.target.value }));
  board.querySelector("select[data-kind]").addEventListener("change", (event) => change({ kind: event.target.value }));
}

function follow() {
  const target = read();
  show();
  if (target) target.scrollIntoView();
}

root.classList.add("js");
boards.forEach(prepare);
for (const tab of tabs) {
  tab.addEventListener("click", (event) => {
    event.preventDefault();
    change({ board: tab.dataset.tab });
  });
}
const theme = document.getElementById("theme");
theme.hidden = false;
theme.addEventListener("click", () => change({ theme: theme.textContent.toLowerCase() }));
window.addEventListener("hashchange", follow);
follow();

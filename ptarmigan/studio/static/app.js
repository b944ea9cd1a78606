// The page: what the address says is what is shown. #view=run&name=… and the settings of that view.

import { h, language, loadWords, notify, t } from "./dom.js";
import { showLaboratory } from "./laboratory.js";
import { showComparison, showRuns } from "./runs.js";
import { showStart } from "./start.js";
import { showTraining } from "./training.js";

const VIEWS = { runs: showRuns, run: showTraining, compare: showComparison, start: showStart, laboratory: showLaboratory };
let shown = null, before = "";

/** The settings in the address; to set one leaves the view as it is. */
export const state = {
  get: () => new URLSearchParams(location.hash.slice(1)),
  set(name, value) {
    const query = state.get();
    if (value === "" || value === null) query.delete(name);
    else query.set(name, value);
    before = identity(query);
    history.replaceState(null, "", `#${query}`);
  },
};

/** What a view is of: that changes it, and its settings do not. */
const identity = (query) => JSON.stringify([query.get("view"), query.get("name"), query.getAll("run"), query.get("lesson")]);

function route() {
  const query = state.get(), now = identity(query);
  if (location.hash === "#main" || (shown && now === before)) return;
  before = now;
  shown?.close?.();
  notify("");
  const view = query.get("view") ?? "runs", main = document.querySelector("main");
  main.replaceChildren();
  document.title = `${query.get("name") ?? t(`view_${view in VIEWS ? view : "runs"}`)} – ptarmigan studio`;
  for (const link of document.querySelectorAll("nav a")) {
    if (link.dataset.view === view) link.setAttribute("aria-current", "page");
    else link.removeAttribute("aria-current");
  }
  shown = (VIEWS[view] ?? showRuns)(main, query, state) ?? {};
}

function speak(lang) {
  localStorage.setItem("lang", lang);
  const query = new URLSearchParams(location.search);
  query.set("lang", lang);
  location.href = `/?${query}${location.hash}`;
}

/** Light or dark, as the system is until somebody chooses. */
function turnLight() {
  const dark = matchMedia("(prefers-color-scheme: dark)").matches, now = document.documentElement.dataset.theme ?? (dark ? "dark" : "light");
  localStorage.setItem("theme", now === "dark" ? "light" : "dark");
  showLight();
  dispatchEvent(new Event("theme"));
}

function showLight() {
  const chosen = localStorage.getItem("theme");
  if (chosen) document.documentElement.dataset.theme = chosen;
}

showLight();
await loadWords();
const other = language() === "zh" ? "en" : "zh";
document.querySelector(".skip-link").textContent = t("skip");
document.querySelector("nav").setAttribute("aria-label", t("views"));
document.querySelector("nav").append(
  h("a", { href: "#", "data-view": "runs" }, t("view_runs")),
  h("a", { href: "#view=start", "data-view": "start" }, t("view_start")),
  h("a", { href: "#view=laboratory", "data-view": "laboratory" }, t("view_laboratory")),
  h("button", { type: "button", class: "small", "aria-label": t("theme"), click: turnLight }, "◐"),
  h("button", { type: "button", class: "small", lang: other, click: () => speak(other) }, other === "zh" ? "中文" : "English"));
addEventListener("hashchange", route);
route();

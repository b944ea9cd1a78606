// The list of runs, and several of them beside each other.

import { ask, badge, choose, count, drawing, duration, follow, h, notify, t } from "./dom.js";
import { sparkline } from "./curves.js";

const MOST = 5;
const SORTS = {
  changed: (a, b) => b.changed - a.changed,
  name: (a, b) => a.name.localeCompare(b.name),
  state: (a, b) => a.state.localeCompare(b.state) || a.name.localeCompare(b.name),
  score: (a, b) => (a.score?.name ?? "~").localeCompare(b.score?.name ?? "~") || last(a) - last(b),
};
const last = (run) => run.score?.line.at(-1)[1] ?? Infinity;
const address = (name) => `#${new URLSearchParams({ view: "run", name })}`;
const picture = (run) => run.picture === null ? h("span", { class: "thumb none" })
  : h("img", { class: "thumb", loading: "lazy", alt: "", src: `/api/picture?${new URLSearchParams({ run: run.name, step: run.picture })}` });

export function showRuns(main, query, state) {
  let board = null;
  const chosen = new Set();
  const list = h("ul", { class: "runs" }), job = h("div", { "aria-live": "polite" });
  const go = h("a", { class: "button" });
  const states = ["", "running", "finished", "stopped", "interrupted", "damaged"];
  const set = (name) => (value) => { state.set(name, value); draw(); };
  const find = h("input", { type: "search", value: query.get("find") ?? "", input: (event) => set("find")(event.target.value) });

  function draw() {
    const now = state.get(), words = (now.get("find") ?? "").toLowerCase(), only = now.get("state") ?? "";
    const all = board?.runs ?? [];
    const found = all
      .filter((run) => (!only || run.state === only) && `${run.name} ${run.recipe} ${run.data}`.toLowerCase().includes(words))
      .sort(SORTS[now.get("sort")] ?? SORTS.changed);
    const focused = document.activeElement?.dataset?.key;
    list.replaceChildren(...(found.length ? found.map(card) : [h("li", { class: "empty" }, nothing(all))]));
    if (focused) list.querySelector(`[data-key="${CSS.escape(focused)}"]`)?.focus();
    job.replaceChildren(...(board?.job ? [training(board.job)] : []));
    const enough = chosen.size >= 2 && chosen.size <= MOST;
    go.textContent = t(chosen.size > MOST ? "compare_fewer" : "compare_chosen", { n: chosen.size });
    go.hidden = chosen.size < 1;
    go.setAttribute("aria-disabled", !enough);
    if (enough) go.href = `#${new URLSearchParams([["view", "compare"], ...[...chosen].map((name) => ["run", name])])}`;
    else go.removeAttribute("href");
  }

  const nothing = (all) => !board ? t("reading") : all.length ? t("none_found") : t("no_runs", { folder: board.folder ?? "" });

  function card(run) {
    const pick = h("input", { type: "checkbox", "data-key": `pick ${run.name}`, "aria-label": t("choose_run", { name: run.name }),
      change: (event) => { event.target.checked ? chosen.add(run.name) : chosen.delete(run.name); draw(); } });
    pick.checked = chosen.has(run.name);
    pick.disabled = run.state === "damaged";
    const title = run.state === "damaged" ? h("span", { class: "name" }, run.name)
      : h("a", { class: "name", href: address(run.name), "data-key": `open ${run.name}` }, run.name);
    const what = run.problem || (run.data ? t("recipe_on", run) : run.recipe);
    const age = run.changed ? t("ago", { time: duration(Math.max(0, Date.now() / 1000 - run.changed)) }) : "";
    return h("li", { class: "run" }, pick, picture(run),
      h("div", { class: "what" }, title, h("span", { class: "soft" }, what), run.fault && h("span", { class: "fault" }, `⚠ ${run.fault}`)),
      h("div", { class: "how" }, badge(run.state), run.steps ? h("span", { class: "soft" }, `${count(run.step)} / ${count(run.steps)}`) : null,
        run.state === "running" ? h("progress", { max: run.steps || 1, value: run.step, "aria-label": t("progress") }) : h("span", { class: "soft" }, age)),
      h("div", { class: "score" }, sparkline(run.score)));
  }

  main.append(
    h("div", { class: "heading" }, h("h1", {}, t("view_runs")), h("a", { class: "button", href: "#view=start" }, t("new_run"))),
    h("form", { class: "controls", role: "search", submit: (event) => event.preventDefault() },
      h("label", {}, t("find"), find),
      choose(t("state"), states.map((value) => [value, t(`state_${value || "any"}`)]), query.get("state") ?? "", set("state")),
      choose(t("sort"), Object.keys(SORTS).map((value) => [value, t(`sort_${value}`)]), query.get("sort") ?? "changed", set("sort")),
      go),
    job, list);
  draw();
  ask("runs").then((found) => { board = { ...found, ...board }; draw(); }).catch((error) => notify(error.message));
  return follow({}, { runs: (found) => { board = { ...board, ...found }; draw(); } });
}

/** A training that the page started. */
function training(job) {
  const words = job.running ? "job_running" : job.code ? "job_failed" : "job_done";
  return h("p", { class: `ending ${!job.running && job.code ? "ill" : ""}` },
    h("a", { href: address(job.name) }, t(words, { name: job.name })), !job.running && job.code ? h("small", {}, job.said) : null);
}

export function showComparison(main, query) {
  const names = query.getAll("run");
  main.append(h("h1", {}, t("view_compare")), h("p", { class: "soft" }, t("reading")));
  ask("compare", names.map((name) => ["run", name])).then((found) => {
    main.lastChild.remove();
    const legend = found.runs.map((run, i) => h("li", {}, drawing(`<svg viewBox="0 0 18 8" width="18" height="8" class="swatch"><path d="M0 4L18 4" class="line tone-${i}"/></svg>`),
      h("a", { href: address(run.name) }, run.name), " ", badge(run.state)));
    main.append(h("ul", { class: "legend" }, legend),
      h("h2", {}, t("curves")),
      h("div", { class: "panels" }, found.curves.map((each) => h("figure", { class: "panel" },
        h("figcaption", {}, h("strong", {}, each.name)), drawing(each.svg)))),
      h("h2", {}, t("samples")),
      h("div", { class: "grids" }, found.runs.map((run) => h("figure", {}, picture(run), h("figcaption", {}, run.name)))),
      h("h2", {}, t("what_differs")),
      found.differ.length ? h("div", { class: "wide" }, h("table", { class: "compared" },
        h("thead", {}, h("tr", {}, h("th", {}), found.runs.map((run) => h("th", { scope: "col" }, run.name)))),
        h("tbody", {}, found.differ.map(([name, ...values]) => h("tr", {}, h("th", { scope: "row" }, name.replaceAll("_", " ")),
          values.map((value) => h("td", {}, value === null || value === "" ? "–" : String(value)))))))) : h("p", { class: "soft" }, t("nothing_differs")));
  }).catch((error) => { main.lastChild.remove(); notify(error.message); });
}

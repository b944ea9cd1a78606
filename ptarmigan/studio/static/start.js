// A new run: a form that is a recipe's signature, and the command that it is.

import { ask, attempt, command, h, notify, t } from "./dom.js";

const GROUPS = ["data", "training", "recipe", "settings"];
const SHORT = ["steps", "batch", "seed"];

export function showStart(main, query, state) {
  let recipe = query.get("recipe") ?? "toy.gan", options = [];
  const given = {}, picker = h("select", { id: "recipe", change: (event) => pick(event.target.value) }), summary = h("p", { class: "soft" });
  const name = h("input", { id: "name", required: true, maxlength: 80, pattern: "[A-Za-z0-9_][A-Za-z0-9_.\\-]*", autocomplete: "off", input: () => preview() });
  const fields = h("div", {}), shown = h("div", {}), submit = h("button", { class: "button", type: "submit" }, t("start"));
  let recipes = [], folder = "runs";

  async function pick(chosen) {
    recipe = chosen;
    state.set("recipe", recipe);
    summary.textContent = recipes.find((each) => each.name === recipe)?.summary ?? "";
    for (const key in given) delete given[key];
    fields.replaceChildren(h("p", { class: "soft" }, t("reading")));
    options = await ask("recipe", { name: recipe });
    fields.replaceChildren(...GROUPS.map(group).filter(Boolean));
    name.value = `${recipe}-${new Date().toISOString().slice(5, 16).replace(/[:T]/g, "")}`;
    preview();
  }

  /** A group of options; what few people change is folded away. */
  function group(key) {
    const mine = options.filter((each) => (GROUPS.includes(each.group) ? each.group : "recipe") === key);
    if (!mine.length) return null;
    const open = mine.filter((each) => key === "recipe" || each.name === "data" || SHORT.includes(each.name));
    const more = mine.filter((each) => !open.includes(each));
    return h("fieldset", {}, h("legend", {}, t(`group_${key}`)), open.length ? h("div", { class: "fields" }, open.map(field)) : null,
      more.length ? h("details", {}, h("summary", {}, t("more_options", { n: more.length })), h("div", { class: "fields" }, more.map(field))) : null);
  }

  function field(each) {
    const change = (event) => { given[each.name] = each.kind === "bool" ? event.target.checked : event.target.value; preview(); };
    const id = `option-${each.name}`, about = each.help ? `${id}-help` : null;
    let input;
    if (each.kind === "bool") {
      input = h("input", { id, type: "checkbox", change, "aria-describedby": about });
      input.checked = each.default;
    } else if (each.kind === "choice") {
      input = h("select", { id, change, "aria-describedby": about }, each.choices.map((value) => h("option", { value, selected: value === String(each.default) }, value || "–")));
    } else {
      const text = Array.isArray(each.default) ? each.default.join(" ") : each.default ?? "";
      const numeric = each.kind === "int" || each.kind === "float";
      input = h("input", { id, type: "text", inputmode: numeric ? "decimal" : null, value: text, input: change, "aria-describedby": about, autocomplete: "off" });
    }
    return h("div", { class: `field ${each.kind}` }, h("label", { for: id }, each.name.replaceAll("_", " ")), input, about ? h("small", { id: about, class: "soft" }, each.help) : null);
  }

  const differs = (each) => each.name in given && String(given[each.name]) !== String(Array.isArray(each.default) ? each.default.join(" ") : each.default ?? "");
  const changed = () => Object.fromEntries(options.filter(differs).map((each) => [each.name, given[each.name]]));

  function preview() {
    const words = Object.entries(changed()).map(([key, value]) => {
      const flag = key.replaceAll("_", "-");
      return typeof value === "boolean" ? `--${value ? "" : "no-"}${flag}` : /\s/.test(value) ? `--${flag} ${value}` : `--${flag}=${value}`;
    });
    shown.replaceChildren(command(["ptarmigan train", recipe, ...words, `--out=${folder}/${name.value}`].join(" ")));
  }

  const begin = attempt(async () => {
    submit.disabled = true;
    try {
      await ask("start", {}, { recipe, name: name.value, options: changed() });
      location.hash = "#view=runs";
    } finally { submit.disabled = false; }
  });

  main.append(h("h1", {}, t("view_start")), h("form", { class: "start", submit: begin },
    h("div", { class: "fields" }, h("div", { class: "field" }, h("label", { for: "recipe" }, t("recipe")), picker),
      h("div", { class: "field" }, h("label", { for: "name" }, t("run_name")), name)),
    summary, fields, h("h2", {}, t("command")), shown, submit));
  Promise.all([ask("recipes"), ask("runs")]).then(([found, board]) => {
    [recipes, folder] = [found, board.folder];
    submit.disabled = Boolean(board.refusal);
    if (board.refusal) notify(board.refusal);
    const kinds = Map.groupBy ? Map.groupBy(found, (each) => each.name.split(".")[0]) : new Map([["", found]]);
    picker.append(...[...kinds].map(([label, members]) => h("optgroup", { label }, members.map((each) => h("option", { value: each.name, selected: each.name === recipe }, each.name)))));
    return pick(picker.value);
  }).catch((error) => notify(error.message));
}

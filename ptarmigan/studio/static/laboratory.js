// The laboratory: a game of the plane, trained step by step by the engine, with all that can be seen of it.

import { ask, attempt, choose, command, count, follow, h, notify, number, t } from "./dom.js";
import { join, panel } from "./curves.js";

const LAYERS = ["surface", "real", "generated", "grid", "arrows", "averaged", "optimum"];
const SHOWN = ["surface", "real", "generated", "grid", "arrows"];
const FIRST = ["data", "loss", "regulariser", "gamma", "optimizer", "rule", "generator_lr", "discriminator_lr", "critic_steps", "seed"];
const PACES = [1, 2, 5, 10, 25, 100];
const SIZE = 560, VIEW = 1.5, PHASE = 2, MOST = 300;
const floats = (text) => new Float32Array(Uint8Array.from(atob(text), (each) => each.charCodeAt(0)).buffer);
const bytes = (text) => Uint8Array.from(atob(text), (each) => each.charCodeAt(0));
const digits = (value) => Math.round((value + 1) * 647.5).toString(36).padStart(2, "0");

/** Do what a chosen value says; an error is its line. */
const tried = (work) => async (value) => { try { await work(value); } catch (error) { notify(error.message); } };

/** Points that were drawn, as they stand in the address: two digits of base 36 a coordinate. */
const written = (points) => points.map(([x, y]) => digits(x) + digits(y)).join("");
const read = (words) => (words?.match(/[0-9a-z]{4}/g) ?? []).slice(0, MOST).map((each) =>
  [0, 2].map((start) => Math.min(1, parseInt(each.slice(start, start + 2), 36) / 647.5 - 1)));

export function showLaboratory(main, query, state) {
  let recipes = [], lessons = [], opened = null, stream = null, frame = null, drawn = read(query.get("drawn")), pen = null, waiting = false;
  const curves = {}, path = [];
  const layers = new Set(query.has("show") ? query.get("show").split(" ") : SHOWN);
  const canvas = h("canvas", { width: SIZE, height: SIZE, tabindex: 0, role: "img", "aria-label": t("plane_words") });
  const beside = h("canvas", { width: SIZE, height: SIZE, role: "img", "aria-label": t("layer_optimum") });
  const parts = Object.fromEntries(["lesson", "settings", "story", "doctor", "facts", "curves", "command"].map((key) => [key, h("div", { class: key })]));
  parts.doctor.setAttribute("aria-live", "polite");
  const play = h("button", { type: "button", class: "button", click: attempt(() => tell(frame?.playing ? "pause" : "play")) }, t("play"));
  const button = (words, work) => h("button", { type: "button", class: "button", click: attempt(work) }, t(words));
  const scrub = h("input", { type: "range", min: 0, max: 0, value: 0, "aria-label": t("scrub"), input: () => newest("seek", Number(scrub.value)) });
  const pace = choose(t("speed"), PACES.map((value) => [String(value), t("steps_a_frame", { n: value })]), query.get("pace") ?? "5",
    tried((value) => { state.set("pace", value); return tell("pace", Number(value)); }));
  const draw = h("input", { type: "checkbox", id: "draw", change: () => { canvas.classList.toggle("drawing", draw.checked); render(); } });

  const tell = (action, value = 1) => (opened ? ask("laboratory/do", {}, { session: opened.session, action, value }) : null);

  /** One request at a time; of those that come meanwhile the newest alone. */
  let busy = false, next = null;
  async function newest(action, value) {
    next = [action, value];
    if (busy) return;
    busy = true;
    try { while (next) { const [now, at] = next; next = null; await tell(now, at); } } catch (error) { notify(error.message); } finally { busy = false; }
  }

  const recipe = () => recipes.find((each) => each.name === (state.get().get("recipe") ?? "toy.ganlab")) ?? recipes[0];
  function chosen() {
    const now = state.get();
    return Object.fromEntries(recipe().options.filter((each) => now.has(each.name)).map((each) => [each.name, each.kind === "bool" ? now.get(each.name) === "true" : now.get(each.name)]));
  }

  async function restart() {
    const playing = frame?.playing;
    stream?.close();
    const found = await ask("laboratory/open", {}, { recipe: recipe().name, options: chosen(), drawn });
    notify("");
    opened = { ...found, real: floats(found.real), field: found.field && floats(found.field) };
    for (const key in curves) delete curves[key];
    path.length = 0;
    take({ ...found.frame, curves: {} });
    stream = follow({ session: opened.session }, { frame: take, gone: (words) => notify(words || t("session_over")) }, "laboratory/stream");
    if (state.get().has("pace") || playing) await tell("pace", Number(state.get().get("pace") ?? 5));
    if (playing) await tell("play");
    words();
  }

  function take(found) {
    frame = found;
    for (const [key, more] of Object.entries(found.curves)) curves[key] = join(curves[key] ?? [], more);
    if (found.phase) {
      while (path.length && path.at(-1)[0] >= found.step) path.pop();
      path.push([found.step, ...found.phase]);
    }
    if (!waiting) { waiting = true; requestAnimationFrame(() => { waiting = false; render(); }); }
  }

  function render() {
    if (!frame || !opened) return;
    paint(canvas, frame, opened, layers, draw.checked ? drawn : [], path, pen);
    beside.hidden = !layers.has("optimum") || !frame.optimum;
    if (!beside.hidden) paint(beside, { ...frame, surface: frame.optimum }, opened, new Set(["surface", "real", "generated"]), [], [], null);
    play.textContent = t(frame.playing ? "pause" : "play");
    if (document.activeElement !== scrub) scrub.value = frame.step;
    scrub.max = frame.reached;
    scrub.setAttribute("aria-valuetext", t("at_step", { step: frame.step }));
    parts.facts.replaceChildren(facts(frame, opened));
    parts.story.replaceChildren(h("h2", {}, t("story")), h("p", {}, story(frame)));
    const said = JSON.stringify(frame.doctor);
    if (parts.doctor.dataset.said !== said) {
      parts.doctor.dataset.said = said;
      const [fault, why, helps] = frame.doctor ?? [];
      parts.doctor.replaceChildren(h("h2", {}, t("doctor")), h("p", { class: fault ? "ending ill" : "soft" }, fault ?? t(frame.doctor ? "healthy" : "undecided")),
        ...(fault ? [h("p", { class: "soft" }, why), h("p", { class: "soft" }, t("helps", { words: helps }))] : []));
    }
    const how = { at: (step) => step, last: Math.max(frame.reached, 1), scale: "auto", smoothing: 0, marks: { skipped: [], back: [frame.step], faults: [] } };
    parts.curves.replaceChildren(...Object.entries(curves).filter(([, points]) => points.length > 1).map(([key, points]) => panel(key, points, how)));
  }

  /** The controls of a recipe: what is in the address, else its defaults. */
  function settings() {
    const now = state.get(), mine = recipe().options;
    const change = (each) => tried((value) => {
      state.set(each.name, String(value) === String(each.default) ? "" : String(value));
      if (each.name === "data") { drawn = []; state.set("drawn", ""); }
      return restart();
    });
    const field = (each) => {
      const value = now.get(each.name) ?? String(each.default ?? ""), label = each.name.replaceAll("_", " ");
      if (each.kind === "choice") return choose(label, each.choices.map((word) => [word, word.replaceAll("_", " ")]), value, change(each));
      if (each.kind === "bool") {
        const box = h("input", { type: "checkbox", change: (event) => change(each)(event.target.checked) });
        box.checked = value === "true";
        return h("label", { title: each.help }, label, box);
      }
      return h("label", { title: each.help }, label, h("input", { type: "text", inputmode: "decimal", size: 7, value, autocomplete: "off", change: (event) => change(each)(event.target.value) }));
    };
    const [open, more] = [mine.filter((each) => FIRST.includes(each.name)), mine.filter((each) => !FIRST.includes(each.name))];
    parts.settings.replaceChildren(h("div", { class: "controls" },
      choose(t("recipe"), recipes.map((each) => [each.name, each.name]), recipe().name, tried((value) => { for (const each of mine) state.set(each.name, ""); state.set("recipe", value); settings(); return restart(); })),
      open.map(field)),
    h("details", {}, h("summary", {}, t("more_options", { n: more.length })), h("div", { class: "controls" }, more.map(field))));
  }

  /** The command that makes it a run; data that were drawn are saved beside it. */
  function words() {
    const given = Object.entries(chosen()).filter(([key]) => key !== "data" || !drawn.length);
    const dirac = given.some(([key, value]) => key === "dirac" && value);
    const flags = given.map(([key, value]) => typeof value === "boolean" ? `--${value ? "" : "no-"}${key.replaceAll("_", "-")}` : `--${key.replaceAll("_", "-")}=${value}`);
    if (drawn.length || dirac) flags.push("--data=points.csv");
    const rows = dirac ? Array(64).fill("0") : drawn.map((point) => point.map((value) => value.toFixed(4)).join(","));
    parts.command.replaceChildren(h("h2", {}, t("as_command")), command(["ptarmigan train", recipe().name, ...flags].join(" ")),
      ...(drawn.length || dirac ? [h("p", {}, button("save_points", () => save("points.csv", new Blob([rows.join("\n") + "\n"], { type: "text/csv" }))))] : []));
  }

  const picture = () => new Promise((done) => canvas.toBlob((blob) => { save(`step-${frame.step}.png`, blob); done(); }));
  const json = () => save("laboratory.json", new Blob([JSON.stringify({ address: location.hash, recipe: recipe().name, options: chosen(), drawn, step: frame.step, modes: frame.modes, doctor: frame.doctor?.[0] ?? "", curves }, null, 1)], { type: "application/json" }));

  /** Points by the mouse, or by arrow keys and the space bar. */
  const place = (event) => { const box = canvas.getBoundingClientRect(); return [(event.clientX - box.left) / box.width, (event.clientY - box.top) / box.height].map((at, axis) => clipped((axis ? 1 - 2 * at : 2 * at - 1) * VIEW)); };
  const clipped = (value) => Math.max(-1, Math.min(1, value));
  const add = (at) => { if (drawn.length < MOST) { drawn.push(at); render(); } };
  const done = tried(async () => { state.set("drawn", written(drawn)); if (drawn.length >= 4) await restart(); });
  canvas.addEventListener("pointerdown", (event) => { if (draw.checked) { canvas.setPointerCapture(event.pointerId); pen = place(event); add(pen); } });
  canvas.addEventListener("pointermove", (event) => { if (draw.checked && pen && event.buttons) { const at = place(event); if (Math.hypot(at[0] - pen[0], at[1] - pen[1]) > 0.04) { pen = at; add(at); } } });
  canvas.addEventListener("pointerup", () => { if (draw.checked) { pen = null; done(); } });
  canvas.addEventListener("keydown", (event) => {
    const move = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, 1], ArrowDown: [0, -1] }[event.key];
    if (!draw.checked || (!move && event.key !== " ")) return;
    event.preventDefault();
    pen ??= [0, 0];
    if (move) pen = pen.map((value, axis) => clipped(value + 0.05 * move[axis]));
    else { add([...pen]); done(); }
    render();
  });

  const toggles = LAYERS.map((name) => {
    const box = h("input", { type: "checkbox", change: () => { box.checked ? layers.add(name) : layers.delete(name); state.set("show", [...layers].join(" ")); render(); } });
    box.checked = layers.has(name);
    return h("label", { class: `layer ${name}` }, box, t(`layer_${name}`));
  });
  const lesson = () => lessons.find((each) => each.id === query.get("lesson"));
  const link = (each) => `#${new URLSearchParams({ view: "laboratory", lesson: each.id, ...each.settings })}`;

  function teach() {
    const now = lesson(), at = lessons.indexOf(now), list = choose(t("lesson"), [["", t("no_lesson")], ...lessons.map((each, i) => [each.id, `${i + 1}. ${each.title}`])], now?.id ?? "",
      (id) => { location.hash = id ? link(lessons.find((each) => each.id === id)) : "#view=laboratory"; });
    const body = now ? [h("h2", {}, `${at + 1}. ${now.title}`), h("p", {}, now.text), h("p", {}, h("strong", {}, t("look_at")), now.look), h("p", {}, h("strong", {}, t("exercise")), now.exercise),
      lessons[at + 1] ? h("p", {}, h("a", { href: link(lessons[at + 1]) }, `${t("next_lesson")} ${lessons[at + 1].title}`)) : ""] : [];
    parts.lesson.replaceChildren(h("div", { class: "controls" }, list), ...body);
  }

  main.append(h("div", { class: "heading" }, h("h1", {}, t("view_laboratory"))), parts.lesson,
    h("div", { class: "bench laboratory" }, h("div", {}, h("div", { class: "planes" }, canvas, beside),
      h("div", { class: "layers" }, toggles, h("label", { class: "layer" }, draw, t("draw_points")))),
    h("div", {}, h("div", { class: "transport" }, play, button("one_step", () => tell("step")), button("one_turn", () => tell("turn")), button("start_again", restart), pace), scrub, parts.facts, parts.story, parts.doctor)),
    h("h2", {}, t("settings")), parts.settings, h("h2", {}, t("curves")), h("div", { class: "panels" }), parts.command,
    h("div", { class: "transport" }, button("save_picture", picture), button("save_json", json)));
  main.querySelector(".panels").replaceWith(parts.curves);
  parts.curves.classList.add("panels");
  const lang = document.documentElement.lang.startsWith("zh") ? "zh" : "en";
  const data = (name) => fetch(`/static/${name}.json`).then((answer) => answer.json());
  Promise.all([ask("laboratory/recipes"), data("lessons"), data(`lessons.${lang}`)]).then(([found, ids, said]) => {
    recipes = found;
    lessons = ids.map((each) => ({ ...each, ...said[each.id] }));
    teach();
    settings();
    return restart();
  }).catch((error) => notify(error.message));
  addEventListener("theme", render);
  return { close() { removeEventListener("theme", render); stream?.close(); opened = null; } };
}

function save(name, blob) {
  const link = h("a", { href: URL.createObjectURL(blob), download: name });
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 10_000);
}

function facts(frame, opened) {
  const shown = [["steps", `${count(frame.step)} / ${count(opened.steps)}`], ["score_real", frame.scores?.[0]], ["score_fake", frame.scores?.[1]],
    ["modes", frame.modes.total && `${frame.modes.found} / ${frame.modes.total}`], ["mode_divergence", frame.modes.divergence]];
  return h("dl", { class: "facts" }, shown.filter(([, value]) => value !== undefined && value !== null).map(([key, value]) =>
    h("div", {}, h("dt", {}, t(key)), h("dd", {}, typeof value === "number" ? number(value) : value))));
}

/** What happened in the last update, in words. */
function story(frame) {
  const { players, terms } = frame.turn, name = players.split("+")[0];
  const said = Object.entries(terms).map(([key, value]) => `${key.replaceAll("_", " ")} ${value === null ? "∞" : number(value)}`).join(", ");
  const known = ["discriminator", "generator", "all"].includes(name) ? name : name ? "other" : "start";
  const gradient = frame.norms[name];
  return t(`story_${known}`, { terms: said, real: show(frame.scores?.[0]), fake: show(frame.scores?.[1]), norm: show(gradient), players }) + (frame.middle ? ` ${t("story_middle")}` : "");
}
const show = (value) => (value === undefined || value === null ? "–" : number(value));

/** A plane on a canvas: surface, points, grid and arrows, or θ and ψ of a Dirac-GAN. */
function paint(canvas, frame, opened, layers, drawn, path, pen) {
  const brush = canvas.getContext("2d"), style = getComputedStyle(canvas), color = (name) => style.getPropertyValue(`--${name}`).trim();
  const reach = opened.field ? PHASE : VIEW, half = canvas.width / 2, at = (x, y) => [half + (x / reach) * half, half - (y / reach) * half];
  const [real, fake, ink] = [color("real"), color("fake"), color("ink")];
  brush.clearRect(0, 0, canvas.width, canvas.height);
  if (opened.field) return paintPhase(brush, opened.field, path, floats(frame.averaged)[0], at, fake, color("soft"));
  if (opened.size !== 2) return;
  if (layers.has("surface") && frame.surface) {
    const values = bytes(frame.surface), side = Math.sqrt(values.length), image = new ImageData(side, side), ends = [rgb(fake), rgb(real)];
    values.forEach((value, i) => { const part = value / 127.5 - 1, end = ends[part > 0 ? 1 : 0]; image.data.set([...end, Math.abs(part) * 120], 4 * i); });
    const small = new OffscreenCanvas(side, side);
    small.getContext("2d").putImageData(image, 0, 0);
    brush.drawImage(small, 0, 0, canvas.width, canvas.height);
  }
  if (layers.has("grid") && frame.grid) {
    const points = floats(frame.grid), side = Math.sqrt(points.length / 2), node = (i, j) => at(points[2 * (i * side + j)], points[2 * (i * side + j) + 1]);
    brush.strokeStyle = fake;
    brush.globalAlpha = 0.35;
    brush.beginPath();
    for (let i = 0; i < side; i++) for (let j = 0; j < side; j++) {
      for (const [a, b] of [[i + 1, j], [i, j + 1]]) if (a < side && b < side) { brush.moveTo(...node(i, j)); brush.lineTo(...node(a, b)); }
    }
    brush.stroke();
    brush.globalAlpha = 1;
  }
  brush.fillStyle = real;
  if (layers.has("real")) each(opened.real, (x, y) => { brush.beginPath(); brush.arc(...at(x, y), 3, 0, 7); brush.fill(); });
  for (const [name, points, tone] of [["generated", frame.fake, fake], ["averaged", frame.averaged, ink]]) {
    if (!layers.has(name) || !points) continue;
    brush.strokeStyle = tone;
    brush.lineWidth = 1.6;
    brush.beginPath();
    each(floats(points), (x, y) => { const [u, v] = at(x, y); brush.moveTo(u - 3, v - 3); brush.lineTo(u + 3, v + 3); brush.moveTo(u - 3, v + 3); brush.lineTo(u + 3, v - 3); });
    brush.stroke();
  }
  if (layers.has("arrows") && frame.arrows) {
    const moves = floats(frame.arrows), points = floats(frame.fake), longest = Math.max(...moves.map(Math.abs)) || 1;
    brush.strokeStyle = ink;
    brush.lineWidth = 1.2;
    each(moves, (dx, dy, i) => { const [x, y] = [points[2 * i], points[2 * i + 1]], size = Math.min(1, longest) * 0.3 / longest; arrow(brush, at(x, y), at(x + dx * size, y + dy * size)); });
  }
  brush.fillStyle = ink;
  for (const [x, y] of drawn) { brush.beginPath(); brush.arc(...at(x, y), 3.5, 0, 7); brush.fill(); }
  if (pen) { brush.strokeStyle = ink; brush.strokeRect(at(...pen)[0] - 6, at(...pen)[1] - 6, 12, 12); }
}

function paintPhase(brush, field, path, mean, at, tone, soft) {
  const side = Math.sqrt(field.length / 2), longest = Math.max(...field.map(Math.abs)) || 1, step = (2 * PHASE) / (side - 1);
  brush.strokeStyle = soft;
  brush.lineWidth = 1;
  each(field, (dx, dy, i) => { const [x, y] = [-PHASE + (i % side) * step, PHASE - Math.floor(i / side) * step]; arrow(brush, at(x, y), at(x + (dx / longest) * step, y + (dy / longest) * step)); });
  brush.strokeStyle = tone;
  brush.lineWidth = 2;
  brush.beginPath();
  path.forEach(([, x, y], i) => (i ? brush.lineTo(...at(x, y)) : brush.moveTo(...at(x, y))));
  brush.stroke();
  brush.fillStyle = tone;
  if (path.length) { brush.beginPath(); brush.arc(...at(path.at(-1)[1], path.at(-1)[2]), 6, 0, 7); brush.fill(); }
  brush.strokeRect(at(mean, 0)[0] - 5, at(mean, 0)[1] - 5, 10, 10);
  brush.fillStyle = soft;
  brush.font = "16px system-ui, sans-serif";
  brush.fillText("θ", at(PHASE, 0)[0] - 18, at(0, 0)[1] - 8);
  brush.fillText("ψ", at(0, 0)[0] + 8, 20);
}

function each(points, work) { for (let i = 0; 2 * i + 1 < points.length; i++) work(points[2 * i], points[2 * i + 1], i); }

function arrow(brush, [x, y], [u, v]) {
  const angle = Math.atan2(v - y, u - x), head = Math.min(5, Math.hypot(u - x, v - y) / 2);
  brush.beginPath();
  brush.moveTo(x, y);
  brush.lineTo(u, v);
  for (const turn of [2.6, -2.6]) { brush.moveTo(u, v); brush.lineTo(u + head * Math.cos(angle + turn), v + head * Math.sin(angle + turn)); }
  brush.stroke();
}

const rgb = (hex) => [1, 3, 5].map((start) => parseInt(hex.slice(start, start + 2), 16));

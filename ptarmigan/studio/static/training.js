// One run as it goes on: samples over time, curves, the doctor's findings.

import { ask, attempt, badge, choose, command, count, duration, follow, h, t } from "./dom.js";
import { join, panel } from "./curves.js";

const VITALS = 40;

export function showTraining(main, query, state) {
  const name = query.get("name") ?? "", curves = { terms: {}, scores: {}, vitals: {} };
  let now = null, clock = [], events = [], drawn = false;
  const set = (key) => (value) => { state.set(key, value); draw(); };
  const parts = Object.fromEntries(["head", "facts", "doctor", "scores", "terms", "vitals", "events"].map((key) => [key, h("div", { class: key })]));
  parts.doctor.setAttribute("aria-live", "polite");
  const samples = sampleViewer(name, state);
  const smoothing = h("input", { type: "range", min: 0, max: 0.98, step: 0.02, value: query.get("smooth") ?? 0,
    input: (event) => set("smooth")(event.target.value === "0" ? "" : event.target.value) });

  function take(found) {
    now = found;
    if (found.new.fresh) { events = []; clock = []; for (const group in curves) curves[group] = {}; }
    for (const group in curves) {
      for (const [key, more] of Object.entries(found.new[group])) curves[group][key] = join(curves[group][key] ?? [], more);
    }
    if (found.new.seconds) clock = join(clock, found.new.seconds);
    events = events.concat(found.new.events).slice(-300);
    if (!drawn) { drawn = true; requestAnimationFrame(() => { drawn = false; draw(); }); }
  }

  /** From a step to where it is drawn: itself, samples seen, or minutes of training. */
  function axis() {
    const wanted = state.get().get("x") ?? "steps", each = now.step ? now.samples / now.step : 1;
    if (wanted === "samples") return (step) => step * each;
    if (wanted !== "time" || !clock.length) return (step) => step;
    return (step) => {
      let low = 0, high = clock.length - 1;
      while (low < high) { const middle = (low + high) >> 1; clock[middle][0] < step ? (low = middle + 1) : (high = middle); }
      const [one, two] = [clock[low - 1] ?? [0, 0, 0, 0], clock[low]];
      const part = two[0] > one[0] ? Math.min(1, (step - one[0]) / (two[0] - one[0])) : 1;
      return (one[3] + part * (two[3] - one[3])) / 60;
    };
  }

  function draw() {
    if (!now) return;
    const at = axis(), settings = state.get();
    const back = events.filter(([, words]) => /^(went back|treated)/.test(words)).map(([step]) => step);
    const faults = (now.faults?.findings ?? []).map((each) => each.step).filter((step) => step > 0).slice(0, 3);
    const how = { at, last: at(now.step), scale: settings.get("scale") ?? "auto", smoothing: Number(settings.get("smooth") ?? 0),
      marks: { skipped: now.skipped, back, faults } };
    for (const group in curves) {
      const panels = Object.entries(curves[group]).slice(0, VITALS).map(([key, points]) =>
        panel(key, points, { ...how, level: group === "scores" ? now.levels[key] : undefined }));
      fill(parts[group], panels);
    }
    parts.head.replaceChildren(...heading(name, now));
    parts.facts.replaceChildren(...facts(now));
    diagnosis(parts.doctor, now.faults);
    samples.show(now.pictures);
    parts.events.replaceChildren(...(events.length ? [h("h2", {}, t("events")), h("table", {}, h("tbody", {},
      events.slice(-40).map(([step, words]) => h("tr", {}, h("th", { scope: "row" }, count(step)), h("td", {}, words)))))] : []));
  }

  const fill = (part, panels) => part.replaceChildren(panels.length ? h("div", { class: "panels" }, panels) : h("p", { class: "soft" }, t("nothing_yet")));
  const about = h("details", {}, h("summary", {}, t("how_made")));
  main.append(parts.head, parts.facts, h("div", { class: "bench" }, samples.element, parts.doctor),
    h("form", { class: "controls", submit: (event) => event.preventDefault() },
      choose(t("axis"), ["steps", "samples", "time"].map((key) => [key, t(`axis_${key}`)]), query.get("x") ?? "steps", set("x")),
      choose(t("scale"), ["auto", "linear", "log"].map((key) => [key, t(`scale_${key}`)]), query.get("scale") ?? "auto", set("scale")),
      h("label", {}, t("smoothing"), smoothing)),
    h("h2", {}, t("scores")), parts.scores, h("h2", {}, t("losses")), parts.terms,
    h("details", {}, h("summary", {}, t("vitals")), parts.vitals), parts.events, about);
  parts.head.append(h("h1", {}, name), h("p", { class: "soft" }, t("reading")));
  ask("run", { run: name }).then((found) => about.append(...made(found))).catch((error) => parts.head.replaceChildren(h("h1", {}, name), h("p", { class: "ending ill" }, error.message)));
  return follow({ run: name }, { update: take, gone: (words) => parts.head.replaceChildren(h("h1", {}, name), h("p", { class: "ending ill" }, words)) });
}

/** Name and state, and what may be done. */
function heading(name, now) {
  const mine = now.job?.name === name && now.job.running;
  const button = (words, path) => h("button", { type: "button", class: "button", click: attempt(() => ask(path, {}, { run: name })) }, t(words));
  const failed = now.job?.name === name && !now.job.running && now.job.code;
  return [h("div", { class: "heading" }, h("h1", {}, name), badge(now.state),
    mine ? button("stop", "stop") : null, ["interrupted", "stopped"].includes(now.state) && !mine ? button("go_on", "go-on") : null),
    now.problem ? h("p", { class: "ending ill" }, now.problem) : null, failed ? h("p", { class: "ending ill" }, now.job.said) : null,
    now.ended ? h("p", { class: "ending" }, now.ended) : null].filter(Boolean);
}

/** How far it is, in numbers. */
function facts(now) {
  const shown = [["steps", `${count(now.step)} / ${count(now.steps)}`], ["samples_seen", count(now.samples)], ["time", now.spent ? duration(now.spent) : "–"]];
  if (now.remaining !== null) shown.push(["remaining", duration(now.remaining)]);
  return [h("progress", { max: now.steps || 1, value: now.step, "aria-label": t("progress") }),
    h("dl", { class: "facts" }, shown.map(([key, value]) => h("div", {}, h("dt", {}, t(key)), h("dd", {}, value))))];
}

/** What the doctor says; it is only written anew when it has changed, so that it is only read out then. */
function diagnosis(part, faults) {
  const said = JSON.stringify(faults);
  if (part.dataset.said === said) return;
  part.dataset.said = said;
  const title = h("h2", {}, t("doctor"));
  if (!faults || faults.findings === null) return part.replaceChildren(title, h("p", { class: "soft" }, faults?.headline || t("examining")));
  if (!faults.findings.length) return part.replaceChildren(title, h("p", { class: "soft" }, t(faults.healthy ? "healthy" : "undecided")));
  const [first, ...others] = faults.findings;
  part.replaceChildren(title, ...[h("p", { class: "ending ill" }, h("strong", {}, first.headline)), first.evidence && h("p", { class: "soft" }, first.evidence),
    h("p", {}, first.why), h("p", { class: "soft" }, t("helps", { words: first.helps }), " ", h("small", {}, first.source)),
    first.change && h("p", {}, t("treat", { words: first.change })), first.command && command(first.command),
    ...others.map((each) => h("p", {}, h("strong", {}, t("also", { words: each.headline })), each.evidence && `: ${each.evidence}`))].filter(Boolean));
}

/** The samples of one step, and a slider through all; at its end it goes along. */
function sampleViewer(name, state) {
  let steps = [];
  const image = h("img", { alt: "" }), caption = h("figcaption", { class: "soft" }), none = h("p", { class: "soft" }, t("no_picture"));
  const slider = h("input", { type: "range", min: 0, max: 0, value: 0, "aria-label": t("sample_slider"), input: () => {
    state.set("step", Number(slider.value) === steps.length - 1 ? "" : steps[Number(slider.value)]);
    look();
  } });
  const element = h("figure", { class: "samples" }, none, image, slider, caption);

  function look() {
    const step = steps[Number(slider.value)], source = `/api/picture?${new URLSearchParams({ run: name, step })}`;
    if (image.getAttribute("src") !== source) image.src = source;
    image.alt = t("samples_at", { step: count(step) });
    slider.setAttribute("aria-valuetext", image.alt);
    caption.textContent = `${image.alt} · ${t("same_latents")}`;
  }

  function show(found) {
    for (const part of [image, slider, caption]) part.hidden = !found.length;
    none.hidden = found.length > 0;
    if (!found.length) return;
    const wanted = Number(state.get().get("step") ?? NaN), place = found.indexOf(wanted);
    steps = found;
    slider.max = steps.length - 1;
    slider.value = place < 0 ? steps.length - 1 : place;
    look();
  }
  return { element, show };
}

/** Everything that is needed to do it again. */
function made(found) {
  const rows = (values) => h("table", { class: "plain" }, h("tbody", {}, Object.entries(values).map(([key, value]) =>
    h("tr", {}, h("th", { scope: "row" }, key.replaceAll("_", " ")), h("td", {}, value === null || value === "" ? "–" : String(value))))));
  return [h("p", { class: "soft" }, `${found.recipe} · ${found.folder}`), found.command ? command(found.command) : null,
    h("div", { class: "pair" }, [["options", found.options], ["settings", found.settings], ["versions", found.versions]].map(([key, values]) =>
      h("div", {}, h("h3", {}, t(key)), rows(values))))].filter(Boolean);
}

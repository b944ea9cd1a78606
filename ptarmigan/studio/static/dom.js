// Elements, words and requests. Text is only ever set as text: names of runs may come from anybody.

const SVG = "http://www.w3.org/2000/svg";
let dictionary = {};

/** An element; attributes that are null or false are left out, functions are listeners. */
export const h = (tag, attributes = {}, ...children) => fill(document.createElement(tag), attributes, children);

/** The same of a drawing. */
export const s = (tag, attributes = {}, ...children) => fill(document.createElementNS(SVG, tag), attributes, children);

function fill(element, attributes, children) {
  for (const [name, value] of Object.entries(attributes)) {
    if (value === null || value === undefined || value === false) continue;
    if (typeof value === "function") element.addEventListener(name, value);
    else if (name === "value") element.value = value;
    else element.setAttribute(name, value === true ? "" : value);
  }
  element.append(...children.flat().filter((child) => child !== null && child !== undefined && child !== false));
  return element;
}

/** A drawing that the server made, as elements and not as text of the page. */
export function drawing(text) {
  const parsed = new DOMParser().parseFromString(text.replace("<svg", `<svg xmlns="${SVG}"`), "image/svg+xml");
  return parsed.querySelector("parsererror") ? h("p", {}, t("not_drawn")) : document.importNode(parsed.documentElement, true);
}

/** Which language the page speaks: the address says so, then the last visit, then the browser. */
export function language() {
  const asked = new URLSearchParams(location.search).get("lang");
  const found = asked ?? localStorage.getItem("lang") ?? navigator.language;
  return found.toLowerCase().startsWith("zh") ? "zh" : "en";
}

export async function loadWords() {
  const lang = language();
  dictionary = await (await fetch(`/static/${lang}.json`)).json();
  document.documentElement.lang = lang === "zh" ? "zh-CN" : "en";
}

/** A word of the dictionary, with {places} filled in. */
export function t(key, places = {}) {
  const words = dictionary[key] ?? key;
  return words.replace(/\{(\w+)\}/g, (_, name) => places[name] ?? "");
}

/** Ask the server; an answer that is no success is an error with its line. */
export async function ask(path, query = {}, body = null) {
  const address = `/api/${path}?${new URLSearchParams(query)}`;
  const how = body && { method: "POST", headers: { "content-type": "application/json" }, body: JSON.stringify(body) };
  let answer;
  try {
    answer = await fetch(address, how ?? {});
  } catch {
    throw new Error(t("no_server"));
  }
  const said = await answer.json().catch(() => ({}));
  if (!answer.ok) throw new Error(typeof said.detail === "string" ? said.detail : t("not_understood"));
  return said;
}

/** One stream of events, closed while nobody looks; `close()` ends it. */
export function follow(query, listeners, path = "stream") {
  let source = null, mark = "";
  const open = () => {
    if (document.hidden || source) return;
    source = new EventSource(`/api/${path}?${new URLSearchParams({ ...query, mark })}`);
    for (const [name, listen] of Object.entries(listeners)) {
      source.addEventListener(name, (event) => {
        mark = event.lastEventId || mark;
        listen(JSON.parse(event.data));
      });
    }
    source.addEventListener("open", () => notify(""));
    source.addEventListener("error", () => notify(t("reconnecting")));
  };
  const close = () => { source?.close(); source = null; };
  const turn = () => (document.hidden ? close() : open());
  document.addEventListener("visibilitychange", turn);
  open();
  return { close() { document.removeEventListener("visibilitychange", turn); close(); notify(""); } };
}

/** A line at the top of the page; nothing takes it away. */
export function notify(words) {
  const line = document.querySelector(".notice");
  if (line.textContent !== words) line.textContent = words;
  line.hidden = !words;
}

/** Do what a button says; an error is its line. */
export const attempt = (work) => async (event) => {
  event?.preventDefault();
  try { await work(event); } catch (error) { notify(error.message); }
};

/** A command, and a button that copies it. */
export function command(words) {
  const button = h("button", { type: "button", class: "small", click: async () => {
    await navigator.clipboard?.writeText(words).catch(() => {});
    button.textContent = t("copied");
    setTimeout(() => { button.textContent = t("copy"); }, 1500);
  } }, t("copy"));
  return h("div", { class: "command" }, h("pre", {}, h("code", {}, words)), button);
}

/** The state of a run: a sign and a word, not a colour alone. */
export const badge = (state) => h("span", { class: `badge ${state}` }, t(`state_${state}`));

export const count = (value) => value.toLocaleString(document.documentElement.lang);

/** A number as people read it: four digits at most. */
export function number(value) {
  if (value === 0) return "0";
  const size = Math.abs(value);
  if (size >= 1e7 || size < 1e-3) return value.toExponential(2).replace("e+", "e").replace("-", "−");
  const shown = size >= 1e4 ? Math.round(value).toLocaleString("en") : String(Number(value.toPrecision(4)));
  return shown.replace("-", "−");
}

/** Seconds as people say them. */
export function duration(seconds) {
  if (seconds < 60) return t("seconds", { n: Math.round(seconds) });
  if (seconds < 3600) return t("minutes", { n: Math.round(seconds / 60) });
  return t("hours", { n: (seconds / 3600).toFixed(1) });
}

/** A labelled choice of a few. */
export function choose(label, values, chosen, change) {
  const options = values.map(([value, words]) => h("option", { value, selected: value === chosen }, words));
  return h("label", {}, label, h("select", { change: (event) => change(event.target.value) }, options));
}

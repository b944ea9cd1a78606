// A curve with its axes, as the report draws it; drawn from what was followed, so that axes change at once.

import { h, number, s, t } from "./dom.js";

const WIDTH = 380, HEIGHT = 190, LEFT = 50, RIGHT = 10, TOP = 14, BOTTOM = 24, WIDE = 60;

/** Points that a reader has, and those that are new: these replace all after a step. */
export function join(points, found) {
  const kept = points.filter((point) => point[0] <= found.after);
  return kept.concat(found.points);
}

/** The exponential moving average of means, as if it had begun with the first one. */
export function smoothed(values, weight) {
  let sum = 0, norm = 0;
  return values.map((value) => {
    sum = weight * sum + (1 - weight) * value;
    norm = weight * norm + (1 - weight);
    return sum / norm;
  });
}

function scale(low, high, start, end, log) {
  const f = log ? Math.log10 : (value) => value;
  const [a, b] = [f(low), f(high)];
  return (value) => start + ((end - start) * (f(value) - a)) / (b - a || 1);
}

function roundTicks(low, high, about = 5) {
  const unit = 10 ** Math.floor(Math.log10((high - low) / about));
  const step = unit * ([1, 2, 2.5, 5].find((m) => unit * m >= ((high - low) / about) * 0.999) ?? 10);
  const first = Math.ceil(low / step - 1e-9), last = Math.floor(high / step + 1e-9);
  return Array.from({ length: last - first + 1 }, (_, i) => (first + i) * step);
}

function decades(low, high) {
  const first = Math.ceil(Math.log10(low)), last = Math.floor(Math.log10(high));
  const stride = Math.max(1, Math.ceil((last - first) / 4));
  const found = [];
  for (let e = first; e <= last; e += stride) found.push(10 ** e);
  return found.length > 1 ? found : [low * 1.2, high / 1.2];
}

function short(value) {
  const [size, letter] = [[1e9, "G"], [1e6, "M"], [1e3, "k"]].find(([size]) => Math.abs(value) >= size) ?? [1, ""];
  return letter ? `${Number((value / size).toPrecision(4))}${letter}`.replace("-", "−") : number(value);
}

function span(low, high, log) {
  if (log) return [low / 1.2, high * 1.2];
  const margin = 0.06 * (high - low) || 0.1 * Math.abs(high) || 1;
  return [low >= 0 && low < 0.5 * (high - low) ? 0 : low - margin, high + margin];
}

const line = (points) => "M" + points.map(([x, y]) => `${x.toFixed(1)} ${y.toFixed(1)}`).join("L");

/**
 * One curve: a line of means, a band between the lowest and highest values, marks, a level.
 * how: {at, last, scale: auto|linear|log, smoothing, level, marks: {skipped, back, faults}}
 */
export function curve(name, points, how) {
  const means = points.map((point) => point[1]);
  const shown = how.smoothing ? smoothed(means, how.smoothing) : means;
  const lows = points.map((point) => point[2]), highs = points.map((point) => point[3]);
  let low = lows.reduce((a, b) => Math.min(a, b)), high = highs.reduce((a, b) => Math.max(a, b));
  const log = low > 0 && (how.scale === "log" || (how.scale === "auto" && high / low > WIDE));
  const level = how.level !== undefined && (!log || how.level > 0) ? how.level : null;
  if (level !== null) [low, high] = [Math.min(low, level), Math.max(high, level)];
  [low, high] = span(low, high, log);
  const x = scale(0, how.last || 1, LEFT, WIDTH - RIGHT), y = scale(low, high, HEIGHT - BOTTOM, TOP, log);
  const xs = points.map((point) => x(how.at(point[0])));
  const pairs = (values) => values.map((value, i) => [xs[i], y(value)]);
  const upright = (step, kind, top = TOP) =>
    s("line", { x1: x(how.at(step)), x2: x(how.at(step)), y1: top, y2: HEIGHT - BOTTOM, class: kind });
  return s("svg", { viewBox: `0 0 ${WIDTH} ${HEIGHT}`, role: "img", class: "curve" },
    s("title", {}, t("over_training", { name })),
    (log ? decades(low, high) : roundTicks(low, high)).map((value) => [
      s("line", { x1: LEFT, x2: WIDTH - RIGHT, y1: y(value), y2: y(value), class: "grid" }),
      s("text", { x: LEFT - 6, y: y(value) + 3.5, "text-anchor": "end" }, short(value))]).flat(),
    roundTicks(0, how.last || 1).map((value) =>
      s("text", { x: x(value), y: HEIGHT - 8, "text-anchor": x(value) < WIDTH - 24 ? "middle" : "end" }, short(value))),
    log && s("text", { x: WIDTH - RIGHT, y: TOP - 3, "text-anchor": "end" }, t("log_scale")),
    level !== null && [
      s("line", { x1: LEFT, x2: WIDTH - RIGHT, y1: y(level), y2: y(level), class: "level" }),
      s("text", { x: LEFT + 3, y: y(level) > TOP + 12 ? y(level) - 4 : y(level) + 12 }, t("real"))],
    how.marks.skipped.map((step) => upright(step, "skip", HEIGHT - BOTTOM - 7)),
    how.marks.back.map((step) => upright(step, "back")),
    how.marks.faults.map((step) => upright(step, "onset")),
    lows.some((value, i) => value < highs[i]) &&
      s("path", { d: line([...pairs(highs), ...pairs(lows).reverse()]) + "Z", class: "band" }),
    how.smoothing > 0 && s("path", { d: line(pairs(means)), class: "line raw" }),
    s("path", { d: line(pairs(shown)), class: "line" }),
    s("circle", { cx: xs.at(-1), cy: y(shown.at(-1)), r: 3, class: "dot" }));
}

/** A curve under its name and its latest value. */
export const panel = (name, points, how) =>
  h("figure", { class: "panel" },
    h("figcaption", {}, h("strong", {}, name), h("span", { class: "value" }, number(points.at(-1)[1]))),
    curve(name, points, how));

/** A small line of a score, with its last value. */
export function sparkline(score) {
  if (!score) return h("span", { class: "soft" }, "–");
  const values = score.line.map((point) => point[1]);
  const low = Math.min(...values), high = Math.max(...values);
  const x = scale(0, Math.max(1, values.length - 1), 2, 98, false), y = scale(low, high || 1, 22, 3, false);
  const points = values.map((value, i) => [x(i), high > low ? y(value) : 12]);
  return h("span", { class: "spark" },
    s("svg", { viewBox: "0 0 100 25", preserveAspectRatio: "xMinYMid", role: "img", class: "curve" }, s("title", {}, t("over_training", { name: score.name })),
      s("path", { d: line(points), class: "line" }), s("circle", { cx: points.at(-1)[0], cy: points.at(-1)[1], r: 2.5, class: "dot" })),
    h("span", {}, h("strong", {}, number(values.at(-1))), " ", h("small", { class: "soft" }, score.name)));
}

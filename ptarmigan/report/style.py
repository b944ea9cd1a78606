"""How the page looks: in the light and in the dark, on a desk and on a phone."""

from __future__ import annotations

CSS = """
:root {
  color-scheme: light dark;
  --paper: #fcfbf9; --card: #ffffff; --ink: #23262b; --soft: #666b73; --rule: #e4e1db; --accent: #0f766e;
  --ill: #b4412c;
}
@media (prefers-color-scheme: dark) {
  :root {
    --paper: #17191c; --card: #1e2125; --ink: #e3e2de; --soft: #9a9fa8; --rule: #33373d; --accent: #58b8ad;
    --ill: #e2836f;
  }
}
* { box-sizing: border-box; }
html { -webkit-text-size-adjust: 100%; }
body {
  margin: 0 auto; padding: 3rem 1.25rem 4rem; max-width: 60rem;
  background: var(--paper); color: var(--ink);
  font: 1rem/1.55 system-ui, -apple-system, "Segoe UI", Roboto, "Noto Sans", sans-serif;
}
h1 { margin: 0; font-size: 1.9rem; line-height: 1.2; font-weight: 650; letter-spacing: -0.015em;
  overflow-wrap: anywhere; }
h2 { margin: 3.25rem 0 0.4rem; font-size: 1.2rem; font-weight: 650; letter-spacing: -0.005em; }
h3 { margin: 1.75rem 0 0.4rem; font-size: 0.95rem; font-weight: 600; }
p { margin: 0.4rem 0 0; max-width: 44rem; overflow-wrap: anywhere; }
p small { display: block; line-height: 1.45; }
.soft, figcaption, .lede { color: var(--soft); }
.lede { margin-top: 0.5rem; }
figure { margin: 0; min-width: 0; }
figcaption { margin-top: 0.45rem; font-size: 0.85rem; line-height: 1.45; }
img { display: block; max-width: 100%; height: auto; border-radius: 4px; }
.ending { margin-top: 1.1rem; padding-left: 0.8rem; border-left: 3px solid var(--accent); }
.facts { display: flex; flex-wrap: wrap; gap: 0.9rem 2.5rem; margin: 1.4rem 0 0; padding: 0; }
.facts div { display: flex; flex-direction: column-reverse; }
.facts dt { font-size: 0.85rem; color: var(--soft); }
.facts dd { margin: 0; font-size: 1.25rem; font-weight: 600; font-variant-numeric: tabular-nums; }
.pair { display: grid; grid-template-columns: repeat(auto-fit, minmax(min(100%, 20rem), 1fr)); gap: 1.5rem;
  margin-top: 1rem; }
.pair img, .strip img, .near img, .grids img { width: 100%; }
.pair figure:only-child { max-width: 36rem; }
.strip { display: grid; grid-template-columns: repeat(auto-fill, minmax(8.25rem, 1fr)); gap: 1rem;
  margin-top: 1rem; }
.near { display: grid; grid-template-columns: repeat(auto-fill, minmax(4.6rem, 1fr)); gap: 1.1rem 0.8rem;
  margin-top: 1rem; }
.near .own { padding-bottom: 5px; margin-bottom: 5px; border-bottom: 2px solid var(--accent); }
.near img + img, .near svg + svg { margin-top: 3px; }
.near:has(table) { display: block; overflow-x: auto; }
.near figure:has(table) { margin-bottom: 1.4rem; }
.near audio { display: block; width: 100%; height: 2rem; margin-top: 3px; }
.near:has(audio) { grid-template-columns: repeat(auto-fill, minmax(9rem, 1fr)); }
.near:has(svg) { grid-template-columns: repeat(auto-fill, minmax(7.5rem, 1fr)); }
.rows { table-layout: fixed; margin: 0; font-size: 0.8rem; }
.rows th, .rows td { padding: 0.15rem 0.6rem 0.15rem 0; overflow-wrap: anywhere; }
.near div ~ .rows thead { display: none; }
.course { display: block; width: 100%; height: auto; }
.near figcaption { margin-top: 0.3rem; text-align: center; font-size: 0.8rem;
  font-variant-numeric: tabular-nums; }
.panels { display: grid; grid-template-columns: repeat(auto-fill, minmax(min(100%, 19rem), 1fr)); gap: 1rem;
  margin-top: 1rem; }
.panel { padding: 0.7rem 0.8rem 0.4rem; background: var(--card); border: 1px solid var(--rule);
  border-radius: 6px; }
.panel figcaption { display: flex; justify-content: space-between; gap: 1rem; margin: 0 0 0.3rem; }
.panel strong { color: var(--ink); font-weight: 600; overflow-wrap: anywhere; }
.value { font-variant-numeric: tabular-nums; white-space: nowrap; }
svg.curve { display: block; width: 100%; height: auto; }
.curve text { font: 11px system-ui, -apple-system, "Segoe UI", sans-serif; fill: var(--soft);
  font-variant-numeric: tabular-nums; }
.grid { stroke: var(--rule); stroke-width: 1; }
.line { fill: none; stroke: var(--accent); stroke-width: 1.8; stroke-linejoin: round; }
.band { fill: var(--accent); opacity: 0.16; stroke: none; }
.dot { fill: var(--accent); }
.faint { fill: var(--soft); opacity: 0.5; }
.hollow { fill: var(--card); stroke: var(--accent); stroke-width: 1.8; }
.curve .mine { fill: var(--ink); font-weight: 600; }
.level { stroke: var(--soft); stroke-width: 1.2; stroke-dasharray: 2 3; }
.skip { stroke: var(--ink); stroke-width: 1.6; }
.onset { stroke: var(--ill); stroke-width: 1.6; }
.ill { border-left-color: var(--ill); }
.back { stroke: var(--ink); stroke-width: 1; stroke-dasharray: 5 3; }
.overlay { display: grid; grid-template-columns: repeat(auto-fit, minmax(min(100%, 22rem), 1fr)); gap: 1.5rem;
  align-items: center; margin-top: 1rem; }
.legend, .said { margin: 0.4rem 0 0; padding: 0; list-style: none; font-size: 0.9rem; }
.legend li, .said li { margin-top: 0.35rem; overflow-wrap: anywhere; }
.swatch { margin-right: 0.5rem; vertical-align: middle; }
.tone-0 { --tone: #0d9488; } .tone-1 { --tone: #d97706; } .tone-2 { --tone: #3b82f6; }
.tone-3 { --tone: #d946ef; } .tone-4 { --tone: #ef4444; } .tone-5 { --tone: #65a30d; }
.tone-6 { --tone: #a16207; } .tone-7 { --tone: #64748b; }
.line[class*=tone] { stroke: var(--tone); }
.dot[class*=tone] { fill: var(--tone); }
.dashed { stroke-dasharray: 5 3; }
.wide { overflow-x: auto; }
.compared th, .compared td { overflow-wrap: normal; }
.compared tbody th { min-width: 9rem; }
.compared small { display: block; font-size: 0.8rem; line-height: 1.4; color: var(--soft); }
.numbers td { white-space: nowrap; }
.grids { display: grid; grid-template-columns: repeat(auto-fill, minmax(min(100%, 16rem), 1fr)); gap: 1.5rem;
  margin-top: 1rem; }
details { margin-top: 1rem; font-size: 0.9rem; }
summary { color: var(--soft); cursor: pointer; font-size: 0.95rem; font-weight: 600; }
table { width: 100%; margin-top: 0.6rem; border-collapse: collapse; font-size: 0.9rem; }
th, td { padding: 0.4rem 1rem 0.4rem 0; text-align: left; vertical-align: top;
  border-bottom: 1px solid var(--rule);
  overflow-wrap: anywhere; }
th:last-child, td:last-child { padding-right: 0; }
thead th { font-size: 0.8rem; color: var(--soft); font-weight: 500; }
tbody th { font-weight: 400; }
td { font-variant-numeric: tabular-nums; }
.plain tbody th { width: 46%; color: var(--soft); }
.changed { font-weight: 650; color: var(--accent); }
.scores tbody th { min-width: 14rem; font-weight: 600; }
.scores thead th, .scores td { overflow-wrap: normal; }
.scores td { white-space: nowrap; }
.scores small { display: block; font-weight: 400; font-size: 0.8rem; line-height: 1.4; color: var(--soft); }
.scores td:nth-child(2) { font-weight: 650; color: var(--accent); }
pre { margin: 0.6rem 0 0; padding: 0.8rem 1rem; background: var(--card); border: 1px solid var(--rule);
  border-radius: 6px; white-space: pre-wrap; overflow-wrap: anywhere;
  font: 0.85rem/1.5 ui-monospace, SFMono-Regular, Menlo, Consolas, monospace; }
footer { margin-top: 3.5rem; font-size: 0.85rem; color: var(--soft); }
@media (max-width: 36rem) {
  body { padding-top: 1.75rem; }
  h1 { font-size: 1.5rem; }
  h2 { margin-top: 2.5rem; }
  .strip { grid-template-columns: repeat(3, 1fr); gap: 0.7rem; }
  .near { grid-template-columns: repeat(5, 1fr); gap: 0.9rem 0.55rem; }
  .scores thead { display: none; }
  .scores tr { display: block; padding: 0.6rem 0; border-bottom: 1px solid var(--rule); }
  .scores tbody th, .scores td { display: block; min-width: 0; padding: 0.1rem 0; border: 0; }
  .scores td::before { content: attr(data-name) ": "; font-weight: 400; color: var(--soft); }
}
@media (prefers-reduced-motion: reduce) { .film { display: none; } }
@media print { body { max-width: none; } h2 { break-after: avoid; } figure { break-inside: avoid; } }
"""

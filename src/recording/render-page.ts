import type { LossCause } from "../capture/loss-ledger.js";
import { compileTime } from "../transforms/drawing/strftime.js";
import { intervalHistogram, intervalsOverTime, lossStrip } from "./page-charts.js";
import { html, Markup } from "./page-markup.js";
import { pageStyle } from "./page-style.js";
import type { Fact, PageView, TableView, TrackView } from "./page-view.js";

/** Rows that a table shows. */
const mostRows = 50;
/** Warnings that are shown. */
const mostWarnings = 100;

const causes: Readonly<Record<LossCause, string>> = {
  ...{ camera: "camera", queue: "full queue", encoder: "encoder", disk: "disk" },
};

/**
 * One page of HTML: everything is in it, nothing runs in it, and it can be printed. Light or dark, as the reader's system is.
 */
export function renderPage(view: PageView): string {
  const { title, subtitle, verdict, isGood, warnings, facts, tracks, appendix, zone } = view;
  const page = html`<!DOCTYPE html>
<html lang="en" xmlns="http://www.w3.org/1999/xhtml"><head><meta charset="utf-8"/>
<meta name="viewport" content="width=device-width, initial-scale=1"/>
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'"/>
<title>${title}</title><style>${new Markup(pageStyle)}</style></head>
<body><header><h1>${title}</h1><p class="soft">${subtitle}</p>
<p class="verdict ${isGood ? "good" : "bad"}">${verdict}</p></header>
<main>${warnings.length > 0 && html`<ul>${warnings.slice(0, mostWarnings).map((text) => html`<li>${text}</li>`)}</ul>`}
${more(warnings.length - mostWarnings)}${factList([...facts, ["times are in", zone]])}
${tracks.map((track) => section(track, zone))}
${appendix && html`<h2>${appendix.title}</h2><details open="open"><summary>show or hide</summary><pre>${appendix.text}</pre></details>`}</main>
<footer class="soft"><p>Made by Marey.</p></footer></body></html>
`;
  return page.text;
}

function more(count: number): Markup | false {
  return count > 0 && html`<p class="soft">and ${count.toLocaleString("en-US")} more in the JSON</p>`;
}

function factList(facts: readonly Fact[]): Markup | false {
  return (
    facts.length > 0 &&
    html`<dl>${facts.map(([name, value]) => html`<dt>${name}</dt><dd>${value}</dd>`)}</dl>`
  );
}

function section(track: TrackView, zone: string): Markup {
  const { name, summary, isGood, facts, tables, gaps, gapCount, incidents } = track;
  const clock = compileTime("%F %T.%3f", zone);
  const ofGaps: TableView = {
    caption: `Frames that were lost: ${gapCount.toLocaleString("en-US")} ${gapCount === 1 ? "gap" : "gaps"}`,
    head: ["time", "from frame", "frames", "lost by", "because"],
    rows: gaps.map(({ time, number, count, cause, reason }) => [
      ...[clock(time), number, count, cause === undefined ? "" : causes[cause], reason],
    ]),
  };
  const happened: TableView = {
    caption: "What happened",
    head: ["time", "what"],
    rows: incidents.map(({ time, text }) => [clock(time), text]),
  };
  return html`<section><h2>${name}</h2><p class="verdict ${isGood ? "good" : "bad"}">${summary}</p>
${strip(track, zone)}<div class="charts">${charts(track, zone)}</div>${factList(facts)}
${[ofGaps, happened, ...tables].filter(({ rows }) => rows.length > 0).map((one) => table(one, one === ofGaps ? gapCount : one.rows.length))}</section>`;
}

function strip({ losses, stretch }: TrackView, zone: string): Markup | false {
  if (losses.length === 0 || stretch === undefined) return false;
  const there = new Set(losses.map(({ cause = "camera" }) => cause));
  const legend = (Object.keys(causes) as LossCause[])
    .filter((cause) => there.has(cause))
    .map((cause) => html`<span class="legend" style="background: var(--${cause})"></span>${causes[cause]}`);
  const isKnown = losses.some(({ cause }) => cause !== undefined);
  return html`<figure>${lossStrip(losses, stretch, zone)}<figcaption>When frames were lost${isKnown && html`: ${legend}`}</figcaption></figure>`;
}

function charts({ bins, points, stretch }: TrackView, zone: string): Markup[] {
  const drawn: Markup[] = [];
  if (bins.length > 0) {
    drawn.push(
      html`<figure>${intervalHistogram(bins)}<figcaption>From frame to frame: how often each interval came; the height is logarithmic</figcaption></figure>`,
    );
  }
  if (stretch !== undefined && points.filter(({ longest }) => longest > 0).length > 1) {
    drawn.push(
      html`<figure>${intervalsOverTime(points, stretch, zone)}<figcaption>The same over time, in ms: mean, and from the shortest to the longest</figcaption></figure>`,
    );
  }
  return drawn;
}

/** Columns that have nothing in them are left out. @param count rows in all, of which `rows` may be the first. */
function table({ caption, head, rows }: TableView, count: number): Markup {
  const used = head.map((_, at) => at).filter((at) => rows.some((row) => row[at] !== ""));
  const shown = rows.slice(0, mostRows);
  const titles = used.map((at) => {
    const isNumber = typeof rows[0]?.[at] === "number";
    return html`<th scope="col"${isNumber && new Markup(' class="number"')}>${head[at]}</th>`;
  });
  const cell = (value: string | number | undefined, at: number): Markup =>
    typeof value === "number"
      ? html`<td class="number">${value.toLocaleString("en-US")}</td>`
      : html`<td${at === 0 && new Markup(' class="short"')}>${value}</td>`;
  const lines = shown.map((row) => html`<tr>${used.map((at) => cell(row[at], at))}</tr>`);
  return html`<div class="scroll" tabindex="0"><table><caption>${caption}</caption>
<thead><tr>${titles}</tr></thead>
<tbody>${lines}</tbody></table></div>${more(count - shown.length)}`;
}

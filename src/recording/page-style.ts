/** The look of a receipt's page: its colours are told apart by those who see no red or green (Okabe and Ito, 2008). */
export const pageStyle = `
:root { color-scheme: light dark; --ink: #1b1f24; --soft: #57606a; --paper: #fff; --line: #d0d7de; --fill: #f6f8fa;
  --good: #1a6b3c; --bad: #a8071a; --bar: #3b6ea8; --camera: #b3541e; --queue: #8250a0; --encoder: #0b7285; --disk: #a8071a }
@media (prefers-color-scheme: dark) { :root { --ink: #e6edf3; --soft: #9da7b3; --paper: #0f1318; --line: #3a424c;
  --fill: #1a2028; --good: #6bd08f; --bad: #ff8b80; --bar: #79b0ee; --camera: #f0a05a; --queue: #cda4ee; --encoder: #5ccbd9;
  --disk: #ff8b80 } }
* { box-sizing: border-box }
body { margin: 0 auto; max-width: 62rem; padding: 1.5rem 1rem 3rem; background: var(--paper); color: var(--ink);
  font: 16px/1.5 system-ui, "Segoe UI", Roboto, "Helvetica Neue", Arial, sans-serif; overflow-wrap: anywhere }
h1 { font-size: 1.6rem; line-height: 1.25; margin: 0 0 .25rem }
h2 { font-size: 1.25rem; margin: 2.5rem 0 .25rem; padding-top: 1rem; border-top: 1px solid var(--line) }
h3 { font-size: 1rem; margin: 1.25rem 0 .25rem }
p { margin: .25rem 0 .5rem }
.soft, figcaption, caption { color: var(--soft); font-size: .875rem }
.verdict { font-weight: 600 } .good { color: var(--good) } .bad { color: var(--bad) }
ul { margin: .25rem 0 .5rem; padding-left: 1.25rem }
dl { display: grid; grid-template-columns: minmax(7rem, max-content) 1fr; gap: .125rem 1rem; margin: .5rem 0 }
dt { color: var(--soft) } dd { margin: 0 }
.scroll { overflow-x: auto }
table { border-collapse: collapse; font-variant-numeric: tabular-nums; font-size: .875rem; width: 100% }
caption { text-align: left; padding: .25rem 0 }
th, td { text-align: left; padding: .25rem .75rem .25rem 0; border-bottom: 1px solid var(--line); vertical-align: top }
th { font-weight: 600; white-space: nowrap } .number { text-align: right; white-space: nowrap }
td.short { white-space: nowrap }
figure { margin: 1rem 0 } svg { display: block; width: 100%; height: auto; overflow: visible }
svg text { font: 11px system-ui, sans-serif; fill: var(--soft) }
.strip { height: 2.5rem; outline: 1px solid var(--line) }
.ends { display: flex; justify-content: space-between; color: var(--soft); font-size: .75rem }
.charts { display: grid; grid-template-columns: repeat(auto-fit, minmax(min(100%, 20rem), 1fr)); gap: 0 2rem }
.legend { display: inline-block; width: .75em; height: .75em; margin: 0 .25em 0 .75em }
.legend:first-child { margin-left: 0 }
pre { background: var(--fill); padding: .75rem; font: .8125rem/1.4 ui-monospace, monospace; white-space: pre-wrap; margin: .5rem 0 }
summary { cursor: pointer; color: var(--soft) }
@media (max-width: 34rem) { dl { grid-template-columns: 1fr; gap: 0 } dd { margin-bottom: .375rem }
  table { min-width: 36rem } svg text { font-size: 15px } }
@media print { body { max-width: none; padding: 0; font-size: 10pt } h2 { break-after: avoid }
  figure, tr { break-inside: avoid } .scroll { overflow: visible } }
`;

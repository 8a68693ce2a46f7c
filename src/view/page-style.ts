/** Of the live page; light and dark as the system is. */
export const pageStyle = `
:root {
  --back: #f6f6f4; --front: #1c1c1a; --quiet: #5c5c57; --card: #ffffff; --line: #d9d9d3;
  --act: #1f5fa8; --on-act: #ffffff; --bad: #a61b1b; --saving: #a61b1b;
}
@media (prefers-color-scheme: dark) {
  :root {
    --back: #161617; --front: #ececea; --quiet: #a5a5a0; --card: #222224; --line: #3a3a3d;
    --act: #7fb2ee; --on-act: #10233a; --bad: #ff8f85; --saving: #ff8f85;
  }
}
* { box-sizing: border-box; }
body { margin: 0 auto; padding: 0 1rem 2rem; max-width: 110rem; background: var(--back); color: var(--front);
  font: 1rem/1.45 system-ui, sans-serif; }
header { position: sticky; top: 0; z-index: 1; display: flex; flex-wrap: wrap; gap: .5rem 1rem; align-items: center;
  padding: .75rem 0; background: var(--back); border-bottom: 1px solid var(--line); }
h1 { margin: 0; font-size: 1.2rem; }
h2 { margin: 0; font-size: 1rem; overflow-wrap: anywhere; }
#state { margin: 0; flex: 1 1 12rem; color: var(--quiet); }
#state.saving { color: var(--saving); font-weight: 600; }
#hint { color: var(--quiet); }
.buttons, .line { display: flex; gap: .5rem; flex-wrap: wrap; }
button, input, select { font: inherit; min-height: 2.75rem; padding: .25rem .9rem; border-radius: .5rem; color: var(--front);
  background: var(--card); border: 1px solid var(--quiet); max-width: 100%; }
button { cursor: pointer; background: var(--act); color: var(--on-act); border-color: var(--act); font-weight: 600; }
button:disabled { background: var(--card); color: var(--quiet); border-color: var(--line); cursor: default; }
:focus-visible { outline: 3px solid var(--act); outline-offset: 2px; }
#text { flex: 1 1 12rem; min-width: 0; }
main { display: grid; gap: 1rem; grid-template-columns: repeat(auto-fill, minmax(min(100%, 26rem), 1fr)); margin: 1rem 0; }
article { background: var(--card); border: 1px solid var(--line); border-radius: .75rem; overflow: hidden; }
article.bad { border-color: var(--bad); }
canvas { display: block; width: 100%; height: auto; background: #000; }
.facts { padding: .75rem; }
.title { display: flex; justify-content: space-between; gap: .5rem; align-items: baseline; flex-wrap: wrap; }
.title a { color: var(--act); padding: .35rem 0; }
dl { margin: .35rem 0 0; display: grid; grid-template-columns: repeat(auto-fill, minmax(8.5rem, 1fr)); gap: .35rem .75rem; }
dt { color: var(--quiet); font-size: .85rem; }
dd { margin: 0; font-variant-numeric: tabular-nums; }
dd.bad, .trouble { color: var(--bad); font-weight: 600; }
.trouble { margin: .35rem 0 0; overflow-wrap: anywhere; }
.trouble:empty { display: none; }
section { margin: 1rem 0; }
label { display: inline-block; margin-bottom: .25rem; }
#answer { min-height: 1.5em; margin: .5rem 0; color: var(--quiet); overflow-wrap: anywhere; }
#answer.bad { color: var(--bad); }
#events { padding: 0; margin: 0; list-style: none; color: var(--quiet); font-size: .9rem; overflow-wrap: anywhere; }
footer { display: flex; gap: .5rem 1rem; flex-wrap: wrap; color: var(--quiet); }
`;

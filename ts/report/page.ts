/** Width of a page's text and figures, in pixels. */
export const PAGE_WIDTH = 840;

const STYLE = `
:root { color-scheme: light }
body { margin: 2rem auto; max-width: ${PAGE_WIDTH}px; padding: 0 1rem; background: #fff; color: #222;
  font: 15px/1.5 system-ui, sans-serif }
h1 { font-size: 1.5rem; margin: 0 0 1rem }
h2 { font-size: 1.1rem; margin: 2rem 0 .25rem }
p { margin: .25rem 0; color: #555 }
table { border-collapse: collapse }
th { text-align: left; font-weight: normal; color: #555; padding: .1rem 1.5rem .1rem 0 }
td { padding: .1rem 0; font-variant-numeric: tabular-nums }
.tables { display: flex; flex-wrap: wrap; gap: 0 2.5rem }
.columns { font-size: .8rem; white-space: nowrap }
.columns th, .columns td { padding: .1rem .9rem .1rem 0 }
.columns .right { text-align: right }
.wide { overflow-x: auto }
svg { max-width: 100%; height: auto }
.key::before { content: ''; display: inline-block; width: .8em; height: .8em; margin-right: .4em;
  background: var(--color) }
.key { margin-right: 1.2em; white-space: nowrap; display: inline-block }
`;

/** A page that needs no other file. */
export function renderPage(title: string, sections: readonly string[]): string {
  const head = `<meta charset="utf-8"><meta name="viewport" content="width=device-width">
<title>${escapeHtml(title)}</title><style>${STYLE}</style>`;
  return `<!doctype html>\n<html lang="en"><head>${head}</head><body>\n${sections.join('\n')}\n</body></html>\n`;
}

/** A heading of a section. */
export const heading = (text: string): string => `<h2>${escapeHtml(text)}</h2>`;

/** A word of a legend beside its colour. */
export const key = (color: string, label: string): string =>
  `<span class="key" style="--color: ${color}">${escapeHtml(label)}</span>`;

/** Names and values under each other. */
export function pairsTable(rows: readonly (readonly [string, string])[]): string {
  const cells = rows.map(
    ([name, value]) => `<tr><th>${escapeHtml(name)}</th><td>${escapeHtml(value)}</td></tr>`,
  );
  return `<table>${cells.join('')}</table>`;
}

/** Columns under titles; the first `left` of them keep to the left. */
export function columnsTable(
  head: readonly string[],
  rows: readonly (readonly string[])[],
  left: number,
): string {
  const line = (tag: string, cells: readonly string[]): string => {
    const shown = cells.map(
      (cell, column) =>
        `<${tag}${column < left ? '' : ' class="right"'}>${escapeHtml(cell)}</${tag}>`,
    );
    return `<tr>${shown.join('')}</tr>`;
  };
  const body = rows.map((row) => line('td', row)).join('\n');
  return `<div class="wide"><table class="columns">${line('th', head)}\n${body}</table></div>`;
}

/** Text as HTML shows it. */
export function escapeHtml(text: string): string {
  const entities: Readonly<Record<string, string>> = {
    '&': '&amp;',
    '<': '&lt;',
    '>': '&gt;',
    '"': '&quot;',
  };
  return text.replace(/[&<>"]/g, (character) => entities[character]!);
}

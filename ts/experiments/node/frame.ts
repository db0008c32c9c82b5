import * as Plot from '@observablehq/plot';
import { parseHTML } from 'linkedom';
import { escapeHtml, PAGE_WIDTH } from '../../report/page.ts';

/** An entry of a figure's legend. */
export interface FigureKey {
  readonly label: string;
  readonly color: string;
  readonly dashed?: boolean;
}

/** A plot with words above it. */
export interface Panel {
  readonly title: string;
  readonly plot: Plot.PlotOptions;
}

/** What a figure consists of. */
export interface Figure {
  readonly title: string;
  readonly keys: readonly FigureKey[];
  readonly panels: readonly Panel[];
  readonly columns: number;
  readonly panelHeight: number;
}

const MARGIN = 12;
const HEAD = 62;
const PANEL_HEAD = 24;
const LETTER = 7.2;
const KEY_SPACE = 46;
const ATTRIBUTE = /"[^"]*"/g;
/** Coordinates finer than can be seen. */
const LONG_NUMBER = /\d+\.\d{3,}/g;
const FONT = 'font-family="system-ui, sans-serif"';

/** One SVG with a legend and plots side by side, on white, that stands alone or in a page. */
export function frame({ title, keys, panels, columns, panelHeight }: Figure): string {
  const rows = Math.ceil(panels.length / columns);
  const width = (PAGE_WIDTH - 2 * MARGIN) / columns;
  const height = HEAD + rows * (PANEL_HEAD + panelHeight) + MARGIN;
  const placed = panels.map(({ title, plot }, index) => {
    const x = MARGIN + (index % columns) * width;
    const y = HEAD + Math.floor(index / columns) * (PANEL_HEAD + panelHeight);
    const words = text(x + 8, y + 16, title, 'font-size="13" font-weight="600"');
    return words + draw(plot, { x, y: y + PANEL_HEAD, width, height: panelHeight });
  });
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" width="${PAGE_WIDTH}" height="${height}" viewBox="0 0 ${PAGE_WIDTH} ${height}" color="#222">`,
    `<title>${escapeHtml(title)}</title><rect width="100%" height="100%" fill="#fff"/>`,
    text(MARGIN + 8, 26, title, 'font-size="15" font-weight="600"'),
    legend(keys),
    ...placed,
    '</svg>\n',
  ].join('\n');
}

function legend(keys: readonly FigureKey[]): string {
  let x = MARGIN + 8;
  return keys
    .map(({ label, color, dashed }) => {
      const line = `<line x1="${x}" x2="${x + 22}" y1="46" y2="46" stroke="${color}" stroke-width="3"${dashed ? ' stroke-dasharray="5 3"' : ''}/>`;
      const words = text(x + 28, 50, label, 'font-size="12.5"');
      x += KEY_SPACE + LETTER * label.length;
      return line + words;
    })
    .join('');
}

const text = (x: number, y: number, words: string, style: string): string =>
  `<text x="${x}" y="${y}" fill="#222" ${FONT} ${style}>${escapeHtml(words)}</text>`;

function draw(
  plot: Plot.PlotOptions,
  { x, y, width, height }: Readonly<Record<'x' | 'y' | 'width' | 'height', number>>,
): string {
  const { document } = parseHTML('<!doctype html><html><body></body></html>');
  const svg = Plot.plot({
    document,
    width,
    height,
    marginLeft: 56,
    marginRight: 16,
    marginTop: 20,
    marginBottom: 38,
    style: { fontSize: '12px', background: 'white' },
    ...plot,
  });
  svg.setAttribute('x', String(x));
  svg.setAttribute('y', String(y));
  return svg.outerHTML.replace(ATTRIBUTE, (attribute) =>
    attribute.replace(LONG_NUMBER, (number) => Number(number).toFixed(1)),
  );
}

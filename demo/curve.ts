import UPlot from 'uplot';

/** What a {@link Curve} shows. */
export interface CurveOptions {
  /** CSS variable that holds the line's colour. */
  readonly color: string;
  readonly format: (value: number) => string;
  /** Range of the vertical axis for the largest value so far. */
  readonly range: (largest: number) => [number, number];
}

const HEIGHT = 230;
/** Opacity of the line of single steps. */
const FAINT = 0.35;
/** Weight of the newest step in the smooth line. */
const SMOOTHING = 0.1;

/** A live curve over steps: each step's value in a thin line, their running mean in a thick one. */
export class Curve {
  readonly #element: HTMLElement;
  readonly #options: CurveOptions;
  readonly #plot: UPlot;
  #data: [steps: number[], values: number[], means: number[]] = [[], [], []];
  #steps = 1;
  #pending = false;

  constructor(element: HTMLElement, options: CurveOptions) {
    this.#element = element;
    this.#options = options;
    this.#plot = new UPlot(this.#plotOptions(), this.#data, element);
    new ResizeObserver(() => this.#fit()).observe(element);
    matchMedia('(prefers-color-scheme: dark)').addEventListener('change', () =>
      this.#plot.redraw(),
    );
  }

  get lastStep(): number {
    return this.#data[0].at(-1) ?? 0;
  }

  /** Running mean of the newest step, or undefined before the first. */
  get mean(): number | undefined {
    return this.#data[2].at(-1);
  }

  /** Empties the curve for a run of so many steps. */
  start(steps: number): void {
    this.#data = [[], [], []];
    this.#steps = steps;
    this.#draw();
  }

  add(step: number, value: number): void {
    const last = this.mean;
    const weight = Math.max(SMOOTHING, 1 / (1 + this.#data[0].length));
    this.#data[0].push(step);
    this.#data[1].push(value);
    this.#data[2].push(last === undefined ? value : last + weight * (value - last));
    this.#draw();
  }

  /** Draws once in a frame, however many steps it brought. */
  #draw(): void {
    if (this.#pending) return;
    this.#pending = true;
    requestAnimationFrame(() => {
      this.#pending = false;
      this.#plot.setData(this.#data);
      const hovered = typeof this.#plot.cursor.idx === 'number';
      if (!hovered && this.lastStep > 0) this.#plot.setLegend({ idx: this.#data[0].length - 1 });
    });
  }

  #fit(): void {
    this.#plot.setSize({ width: this.#element.clientWidth, height: HEIGHT });
  }

  #plotOptions(): UPlot.Options {
    const { color, format, range } = this.#options;
    const css = (name: string): string => getComputedStyle(this.#element).getPropertyValue(name);
    const line = (label: string, width: number, alpha: number): UPlot.Series => ({
      label,
      width,
      alpha,
      stroke: () => css(color),
      points: { show: false },
      value: (_, value: number | null | undefined) => (value == null ? '–' : format(value)),
    });
    const axis: UPlot.Axis = {
      stroke: () => css('--muted'),
      grid: { stroke: () => css('--line'), width: 1 },
      ticks: { stroke: () => css('--line'), width: 1 },
      font: '12px system-ui, sans-serif',
    };
    return {
      width: this.#element.clientWidth,
      height: HEIGHT,
      scales: {
        x: { time: false, range: () => [0, this.#steps] },
        y: { range: (_, __, largest) => range(largest ?? 0) },
      },
      axes: [axis, { ...axis, size: 52, values: (_, ticks) => ticks.map(format) }],
      series: [
        { label: 'Step', value: (_, step: number | null | undefined) => String(step ?? '–') },
        line('Batch', 1, FAINT),
        line('Mean', 2.5, 1),
      ],
      legend: {
        markers: {
          width: 0,
          fill: (_, series) =>
            series === 1
              ? `color-mix(in srgb, ${css(color)} ${100 * FAINT}%, transparent)`
              : css(color),
        },
      },
      cursor: { y: false },
    };
  }
}

import type { Image } from '../ts/index.ts';

/** Width of the pen, as a share of the sheet's side. */
const PEN = 0.075;
/** A stroke is read so often while it is drawn. */
const READ_EVERY_MS = 150;

/** A sheet to draw on by mouse, finger or pen; its ground is transparent, its ink the page's text colour. */
export class Pad {
  readonly #canvas: HTMLCanvasElement;
  readonly #context: CanvasRenderingContext2D;
  readonly #onChange: (image: Image) => void;
  #toldAt = -Infinity;

  /** `onChange` gets what is drawn, at the end of a stroke and now and then before. */
  constructor(canvas: HTMLCanvasElement, onChange: (image: Image) => void) {
    this.#canvas = canvas;
    this.#context = canvas.getContext('2d', { willReadFrequently: true })!;
    this.#onChange = onChange;
    canvas.onpointerdown = (event) => this.#begin(event);
    canvas.onpointermove = (event) => this.#draw(event);
    canvas.onpointerup = () => this.#tell();
  }

  clear(): void {
    this.#context.clearRect(0, 0, this.#canvas.width, this.#canvas.height);
  }

  #begin(event: PointerEvent): void {
    const context = this.#context;
    this.#canvas.setPointerCapture(event.pointerId);
    context.strokeStyle = getComputedStyle(this.#canvas).color;
    context.lineWidth = PEN * this.#canvas.width;
    context.lineCap = context.lineJoin = 'round';
    context.beginPath();
    context.moveTo(...this.#pointOf(event));
    this.#draw(event);
  }

  #draw(event: PointerEvent): void {
    if (event.buttons === 0) return;
    this.#context.lineTo(...this.#pointOf(event));
    this.#context.stroke();
    if (performance.now() - this.#toldAt > READ_EVERY_MS) this.#tell();
  }

  #tell(): void {
    this.#toldAt = performance.now();
    const { width, height } = this.#canvas;
    const { data } = this.#context.getImageData(0, 0, width, height);
    this.#onChange({ width, height, channels: 4, data: new Uint8Array(data.buffer) });
  }

  #pointOf({ offsetX, offsetY }: PointerEvent): [x: number, y: number] {
    const { width, height, clientWidth, clientHeight } = this.#canvas;
    return [(offsetX * width) / clientWidth, (offsetY * height) / clientHeight];
  }
}

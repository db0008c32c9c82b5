const SIDE = 28;
const CLASSES = 10;

/** Test digits with what the network takes them for and how sure it is. */
export class DigitStrip {
  readonly #list: HTMLElement;
  #labels: Uint8Array = new Uint8Array();

  constructor(list: HTMLElement) {
    this.#list = list;
  }

  /** Shows digits, bytes `[N, 28, 28]`, without answers yet. */
  show(pixels: Uint8Array, labels: Uint8Array): void {
    this.#labels = labels;
    const size = SIDE * SIDE;
    const items = [...labels].map((_, n) => digit(pixels.subarray(n * size, (n + 1) * size)));
    this.#list.replaceChildren(...items);
  }

  /** Writes the answers, class probabilities `[N, 10]`, below the digits; returns how many are right. */
  answer(probabilities: Float32Array): number {
    let right = 0;
    this.#labels.forEach((label, n) => {
      const row = probabilities.subarray(n * CLASSES, (n + 1) * CLASSES);
      const best = row.indexOf(Math.max(...row));
      if (best === label) right++;
      writeAnswer(this.#list.children[n] as HTMLElement, label, best, row[best]!);
    });
    return right;
  }
}

function digit(pixels: Uint8Array): HTMLElement {
  const canvas = document.createElement('canvas');
  canvas.width = canvas.height = SIDE;
  canvas.setAttribute('role', 'img');
  const image = new ImageData(SIDE, SIDE);
  pixels.forEach((grey, pixel) => image.data.set([grey, grey, grey, 255], 4 * pixel));
  canvas.getContext('2d')!.putImageData(image, 0, 0);
  const meter = document.createElement('meter');
  meter.ariaLabel = 'Probability';
  const item = document.createElement('li');
  item.append(canvas, document.createElement('span'), meter);
  return item;
}

function writeAnswer(item: HTMLElement, label: number, answer: number, probability: number): void {
  const [canvas, text, meter] = item.children as unknown as [
    HTMLCanvasElement,
    HTMLSpanElement,
    HTMLMeterElement,
  ];
  const isRight = answer === label;
  const percent = `${Math.round(100 * probability)} %`;
  const bold = document.createElement('b');
  bold.textContent = `${answer} ${isRight ? '✓' : '✗'}`;
  text.replaceChildren(bold, percent);
  meter.value = probability;
  meter.title = percent;
  item.dataset['right'] = isRight ? 'yes' : 'no';
  canvas.ariaLabel = `A ${label}, read as ${answer}`;
}

/** The page: sends the form to the worker and shows what comes back. */
import { Curve } from './curve.ts';
import { DigitStrip } from './digitStrip.ts';
import type { Answer, Request } from './messages.ts';
import { Pad } from './pad.ts';

const element = <T extends HTMLElement>(id: string): T => document.getElementById(id) as T;
const show = (id: string, text: string): void => {
  element(id).textContent = text;
};
const percent = (share: number, digits = 1): string => `${(100 * share).toFixed(digits)} %`;
const count = (value: number): string => Math.round(value).toLocaleString('en');

const form = element<HTMLFormElement>('settings');
const startButton = element<HTMLButtonElement>('start');
const stopButton = element<HTMLButtonElement>('stop');
const progress = element<HTMLProgressElement>('progress');
const digits = new DigitStrip(element('digits'));
const loss = new Curve(element('loss-chart'), {
  color: '--loss',
  format: (value) => value.toFixed(2),
  range: (largest) => [0, Math.max(0.1, 1.05 * largest)],
});
const accuracy = new Curve(element('accuracy-chart'), {
  color: '--accuracy',
  format: (value) => percent(value, 0),
  range: () => [0, 1],
});

const worker = new Worker(new URL('worker.js', import.meta.url), { type: 'module' });
const ask = (request: Request): void => worker.postMessage(request);
worker.onmessage = ({ data }: MessageEvent<Answer>) => take(data);
worker.onerror = (event) => fail(event.message || 'the worker could not be started');

form.onsubmit = (event) => {
  event.preventDefault();
  const chosen = new FormData(form);
  const number = (name: string): number => Number(chosen.get(name));
  setRunning(true);
  for (const id of ['step', 'loss', 'accuracy', 'rate', 'test-accuracy']) show(id, '–');
  progress.value = 0;
  ask({
    kind: 'start',
    settings: {
      model: String(chosen.get('model')),
      images: number('images'),
      batchSize: number('batchSize'),
      epochs: number('epochs'),
    },
  });
};
const pad = new Pad(element('pad'), (image) => ask({ kind: 'drawing', image }));
element('clear').onclick = () => {
  pad.clear();
  show('answer', '–');
};
element<HTMLInputElement>('picture').onchange = async ({ currentTarget }) => {
  const [file] = (currentTarget as HTMLInputElement).files ?? [];
  if (file) ask({ kind: 'file', name: file.name, bytes: new Uint8Array(await file.arrayBuffer()) });
};
stopButton.onclick = () => {
  stopButton.disabled = true;
  ask({ kind: 'stop' });
};

function setRunning(running: boolean): void {
  for (const select of form.querySelectorAll('select')) select.disabled = running;
  startButton.disabled = running;
  stopButton.disabled = !running;
}

function say(text: string, kind: 'progress' | 'error' = 'progress'): void {
  const status = element('status');
  status.dataset['kind'] = kind;
  if (status.textContent !== text) status.textContent = text;
}

function fail(message: string): void {
  say(`It did not work: ${message}`, 'error');
  setRunning(false);
}

/** Texts for those who cannot see the curves. */
function describeCurves(): void {
  if (loss.mean === undefined || accuracy.mean === undefined) return;
  const when = `at step ${loss.lastStep}, as the mean of recent batches`;
  element('loss-chart').ariaLabel = `Curve of the loss: ${loss.mean.toFixed(3)} ${when}`;
  element('accuracy-chart').ariaLabel = `Curve of the accuracy: ${percent(accuracy.mean)} ${when}`;
}

function explainThreads(threads: number, isolated: boolean): string {
  if (threads > 1) return `The page is cross-origin isolated: ${threads} workers share one memory.`;
  if (isolated)
    return 'The page is cross-origin isolated, and this machine has one core to work on.';
  return (
    'One thread: this page is not cross-origin isolated, so workers may not share memory. ' +
    'Served with the COOP and COEP headers it uses all cores.'
  );
}

function take(answer: Answer): void {
  switch (answer.kind) {
    case 'state':
      return say(answer.text);
    case 'engine':
      show('build', answer.build);
      show('threads', String(answer.threads));
      return show('isolation', explainThreads(answer.threads, answer.isolated));
    case 'digits':
      return digits.show(answer.pixels, answer.labels);
    case 'plan':
      loss.start(answer.steps);
      accuracy.start(answer.steps);
      return show('memory', `${(answer.peakBytes / 2 ** 20).toFixed(1)} MiB`);
    case 'step':
      return takeStep(answer);
    case 'predictions':
      digits.answer(answer.probabilities);
      return undefined;
    case 'read':
      return takeReading(answer);
    case 'unread':
      return show('answer', answer.why);
    case 'evaluating':
      progress.value = answer.done / answer.all;
      return say('Testing on images it has not seen …');
    case 'stopped':
      describeCurves();
      setRunning(false);
      return say(`Stopped after step ${answer.step}.`);
    case 'done':
      return takeResult(answer);
    case 'failed':
      return fail(answer.message);
  }
}

/** Shows what a drawing was read as, and as what the network saw it. */
function takeReading({ pixels, probabilities }: Extract<Answer, { kind: 'read' }>): void {
  const best = probabilities.indexOf(Math.max(...probabilities));
  show('answer', `It reads a ${best}, ${percent(probabilities[best]!)} sure.`);
  const seen = element<HTMLCanvasElement>('seen');
  const image = new ImageData(seen.width, seen.height);
  pixels.forEach((grey, pixel) => image.data.set([grey, grey, grey, 255], 4 * pixel));
  seen.getContext('2d', { willReadFrequently: true })!.putImageData(image, 0, 0);
}

function takeStep({ report, imagesPerSecond }: Extract<Answer, { kind: 'step' }>): void {
  const { step, steps, epoch } = report;
  loss.add(step, report.loss);
  accuracy.add(step, report.accuracy);
  progress.value = step / steps;
  show('step', `${count(step)} / ${count(steps)}`);
  show('loss', loss.mean!.toFixed(3));
  show('accuracy', percent(accuracy.mean!));
  show('rate', count(imagesPerSecond));
  say(`Training, epoch ${epoch + 1} …`);
}

function takeResult(result: Extract<Answer, { kind: 'done' }>): void {
  const { testAccuracy, testImages, imagesPerSecond, seconds } = result;
  progress.value = 1;
  show('test-accuracy', percent(testAccuracy, 2));
  show('rate', count(imagesPerSecond));
  describeCurves();
  setRunning(false);
  say(
    `Done: ${seconds.toFixed(1)} s of training, ` +
      `${percent(testAccuracy, 2)} of ${count(testImages)} test images read right.`,
  );
}

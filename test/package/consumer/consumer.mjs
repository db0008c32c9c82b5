// What a user of the installed package writes: trains a few steps and predicts, the same in Node and Deno.
import * as residua from 'residua';
import manifest from 'residua/package.json' with { type: 'json' };

const engine = await residua.init({ threads: 1, numerics: 'strict' });
const side = 16;
const count = 64;
const images = Uint8Array.from({ length: count * side * side }, (_, i) => {
  const [sample, row] = [Math.floor(i / (side * side)), Math.floor(i / side) % side];
  return row < side / 2 === (sample % 2 === 0) ? 200 : (i * 37) % 60;
});
const labels = Uint8Array.from({ length: count }, (_, sample) => sample % 2);
const data = residua.imageDataset({
  name: 'halves',
  images,
  labels,
  height: side,
  width: side,
  channels: 1,
  classes: ['top', 'bottom'],
});

const model = residua.resnet8({ inChannels: 1, numClasses: 2, seed: 1 });
const optimizer = new residua.SGD(model.parameters(), { lr: 0.05, momentum: 0.9 });
const trainer = new residua.Trainer(model, { optimizer });
const losses = [];
await trainer.fit(data, {
  batchSize: 16,
  epochs: 2,
  onStep: ({ loss }) => {
    losses.push(loss);
  },
});
const pixels = residua.normalise(images.subarray(0, side * side), data);
const probabilities = await new residua.Predictor(model).probabilities(pixels, [1, side, side, 1]);
console.log(
  JSON.stringify({ losses, probabilities: [...probabilities], version: manifest.version }),
);
engine.close();

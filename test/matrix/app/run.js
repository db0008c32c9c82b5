/**
 * What every row does with the installed package: one step of training and a prediction, strict, so that the numbers are the same everywhere. A row
 * that gives `sigmoid` has its values, too: its kernels are in a module that no other row loads.
 */
export async function run(
  { init, Predictor, resnet8, sigmoid, SGD, tensor, Trainer },
  options = {},
) {
  const warnings = [];
  const warn = (message) => warnings.push(message);
  const engine = await init({ threads: 2, numerics: 'strict', warn, ...options });
  const model = resnet8({ inChannels: 1, numClasses: 2, seed: 1 });
  const shape = [4, 16, 16, 1];
  const images = Float32Array.from({ length: 4 * 16 * 16 }, (_, i) => ((i * 37) % 61) / 61);
  const optimizer = new SGD(model.parameters(), { lr: 0.05, momentum: 0.9 });
  const trainer = new Trainer(model, { optimizer });
  const { loss } = await trainer.trainStep({
    images,
    shape,
    labels: Int32Array.of(0, 1, 0, 1),
    indices: Uint32Array.of(0, 1, 2, 3),
    index: 0,
    last: true,
  });
  const probabilities = await new Predictor(model).probabilities(images, shape);
  const gates = sigmoid ? [...sigmoid(tensor([0, 2], [1, 2])).data()] : [];
  const { build, extra, threads } = engine;
  engine.close();
  return { build, extra, gates, threads, loss, probabilities: [...probabilities], warnings };
}

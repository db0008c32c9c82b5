import {
  add,
  compile,
  conv2d,
  init,
  Module,
  parameter,
  resnet8,
  SGD,
  Trainer,
  type Engine,
  type ImageDataset,
  type StepReport,
  type Tensor,
} from 'residua';
import { loadDataset } from 'residua/node';

class Doubled extends Module {
  readonly weight: Tensor = parameter([3, 3, 1, 1]);

  override forward(x: Tensor): Tensor {
    return add(x, conv2d(x, this.weight, { padding: 1 }));
  }
}

export async function train(): Promise<number> {
  const engine: Engine = await init({ threads: 1, numerics: 'strict' });
  const data: ImageDataset = await loadDataset('mnist', { split: 'train', limit: 100 });
  const model = resnet8({ inChannels: 1, seed: 1 });
  const trainer = new Trainer(model, { optimizer: new SGD(model.parameters(), { lr: 0.1 }) });
  const steps: StepReport[] = [];
  await trainer.fit(data, {
    batchSize: 10,
    epochs: 1,
    onStep: (report) => void steps.push(report),
  });
  const doubled = new Doubled();
  const plan = compile((x) => doubled.forward(x!), [{ shape: [1, 8, 8, 1], dtype: 'f32' }]);
  const [y] = await plan.run(new Float32Array(64));
  engine.close();
  return y!.length + steps.length;
}

// `deno test -A`: weights of a file stay there in Deno, too.
import assert from 'node:assert/strict';
import { compile, init, resnet20 } from '../../dist/index.js';
import { loadWeightsFile, saveWeightsFile } from '../../dist/node.js';

const image = Float32Array.from({ length: 32 * 32 * 3 }, (_, i) => ((i * 7) % 11) / 11 - 0.5);

async function logitsOf(model) {
  model.eval();
  const input = { shape: [1, 32, 32, 3], dtype: 'f32' };
  const plan = compile((x) => model.forward(x), [input], { recording: false });
  const [logits] = await plan.run(image);
  plan.dispose();
  return String(logits);
}

Deno.test('weights of a file are read from it when they are packed', async () => {
  const engine = await init({ threads: 1 });
  const folder = Deno.makeTempDirSync();
  const path = `${folder}/resnet20.safetensors`;
  const model = resnet20({ seed: 3 });
  await saveWeightsFile(model, path);
  assert.ok(Deno.statSync(path).size > 2 ** 20, 'a small file is read at once');
  const loaded = resnet20({ seed: 4 });
  await loadWeightsFile(loaded, path);
  Deno.removeSync(folder, { recursive: true });
  const weight = loaded.stateDict().get('layer3.0.conv1.weight');
  assert.ok(weight.deferred, 'the weight was copied');
  const found = await logitsOf(loaded);
  assert.ok(weight.deferred, 'the plan holds the plain weight');
  assert.equal(found, await logitsOf(model));
  engine.close();
});

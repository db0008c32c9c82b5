import { join } from 'node:path';
import { flattenChannelsFirst, transpose } from '../formats/channelsFirst.ts';
import { importPeer } from '../importPeer.ts';
import { readNetwork } from '../network/networkFile.ts';
import type { Jax, JaxArray } from './jax.ts';
import { runJaxLayer } from './jaxLayer.ts';
import type { Runtime } from './runtime.ts';

const RATE = 0.01;
const MOMENTUM = 0.9;

/** jax-js on its WASM backend, the whole step under its `jit`. Running statistics are left alone. */
export const jaxTrain: Runtime = async ({ files }, { shape, images, labels }) => {
  const jax = await importPeer<Jax>('@jax-js/jax');
  const { numpy, nn } = jax;
  await jax.init('wasm');
  jax.defaultDevice('wasm');
  const network = await readNetwork(join(files, 'network.safetensors'));
  const { layers, parameters } = network;
  const arrayOf = (values: Float32Array, sizes: readonly number[]): JaxArray =>
    numpy.array(values, { shape: sizes });
  const flattened = new Map(
    layers.flatMap((layer) =>
      layer.kind === 'linear' && layer.flattened ? [[layer.weight, layer.flattened]] : [],
    ),
  );
  let weights = parameters.map((name) => {
    const weight = network.weights.get(name)!;
    const image = flattened.get(name);
    const own = image
      ? flattenChannelsFirst(weight, image)
      : weight.shape.length === 4
        ? transpose(weight, [3, 2, 0, 1])
        : weight;
    return arrayOf(own.data, own.shape);
  });
  let velocities = weights.map(({ shape: sizes }) => numpy.zeros(sizes));
  const classes = layers.at(-1)!.shape[1]!;
  const turned = transpose({ shape, data: images }, [0, 3, 1, 2]);
  const input = arrayOf(turned.data, turned.shape);
  const wanted = nn.oneHot(numpy.array(labels, { shape: [labels.length] }), classes);

  const loss = (own: readonly JaxArray[], x: JaxArray, target: JaxArray): JaxArray => {
    const named = new Map(parameters.map((name, index) => [name, own[index]!]));
    const values = new Map([[network.input, x]]);
    for (const layer of layers) {
      const inputs = layer.inputs.map((name) => values.get(name)!.ref);
      values.set(
        layer.output,
        runJaxLayer(jax, layer, inputs, (name) => named.get(name)!.ref),
      );
    }
    const logits = values.get(network.output)!.ref;
    [...values.values(), ...own].forEach((value) => value.dispose());
    return numpy.sum(nn.logSoftmax(logits).mul(target)).mul(-1 / labels.length);
  };
  const gradient = jax.valueAndGrad(loss);
  const step = jax.jit(
    (own: readonly JaxArray[], moved: readonly JaxArray[], x: JaxArray, target: JaxArray) => {
      const [cost, slopes] = gradient(
        own.map((weight) => weight.ref),
        x,
        target,
      );
      const next = moved.map((velocity, index) => velocity.mul(MOMENTUM).add(slopes[index]!));
      const updated = own.map((weight, index) => weight.sub(next[index]!.ref.mul(RATE)));
      return [cost, updated, next] as const;
    },
  );
  return {
    facts: 'jit',
    run: async () => {
      const [cost, updated, next] = step(weights, velocities, input.ref, wanted.ref);
      [weights, velocities] = [[...updated], [...next]];
      await jax.blockUntilReady([...weights, ...velocities]);
      return (await cost.data())[0]!;
    },
  };
};

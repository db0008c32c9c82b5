import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { root } from '../../scripts/setup/paths.mjs';
import * as residua from '../../ts/index.ts';
import { loadKerasWeights } from '../../ts/keras.ts';
import { loadDataset, writeTensors } from '../../ts/node.ts';

await residua.init({ threads: 1, numerics: 'strict' });
afterAll(() => residua.currentEngine().close());

const net = residua.resnet8({ inChannels: 1, seed: 1 });
const weights = net.parameters();
const optimizer = new residua.SGD(weights);
const image = residua.zeros([1, 8, 8, 1]);
const data = residua.imageDataset({
  name: 'two',
  height: 8,
  width: 8,
  channels: 1,
  mean: [0.5],
  std: [0.25],
  images: new Uint8Array(128),
  labels: Uint8Array.of(0, 1),
  classes: Array.from({ length: 10 }, (_, digit) => `${digit}`),
});
const trainer = new residua.Trainer(net, { optimizer });
const window = { kernelSize: 2 };
const pixel = { height: 1, width: 1, channels: 1, data: Uint8Array.of(7) } as const;
// Options as somebody has them who does not ask the compiler.
const odd = (options: object): never => options as never;

const rows: [string, string, string, (options: never) => unknown, object?][] = [
  ['init', 'thread', 'threads', residua.init],
  ['SGD', 'momemtum', 'momentum', (o) => new residua.SGD(weights, o)],
  ['AdamW', 'weight_decay', 'weightDecay', (o) => new residua.AdamW(weights, o)],
  ['cosineSchedule', 'warmUp', 'warmup', (o) => residua.cosineSchedule(1, o)],
  ['oneCycleSchedule', 'ends', 'end', (o) => residua.oneCycleSchedule(1, o)],
  ['Trainer', 'schedular', 'schedule', (o) => new residua.Trainer(net, o), { optimizer }],
  ['fit', 'batchsize', 'batchSize', (o) => trainer.fit(data, o), { epochs: 1 }],
  ['evaluate', 'batch_size', 'batchSize', (o) => trainer.evaluate(data, o)],
  ['Predictor', 'plan', 'plans', (o) => new residua.Predictor(net, o)],
  ['compile', 'memorybudget', 'memoryBudget', (o) => residua.compile((x) => x, [], o)],
  ['loadStateDict', 'strickt', 'strict', (o) => net.loadStateDict(new Map(), o)],
  ['DataLoader', 'suffle', 'shuffle', (o) => new residua.DataLoader(data, o), { batchSize: 1 }],
  [
    'augment',
    'flips',
    'flip',
    (augment) => new residua.DataLoader(data, { batchSize: 1, augment }),
  ],
  ['saveWeights', 'dType', 'dtype', (o) => residua.saveWeights(net, o)],
  ['loadWeights', 'prefixes', 'prefix', (o) => residua.loadWeights(net, new Map(), o)],
  ['loadKerasWeights', 'layer', 'layers', (o) => loadKerasWeights(net, new Uint8Array(), o)],
  ['data', 'limits', 'limit', (o) => loadDataset('mnist', o)],
  [
    'writeTensors',
    'maxShardByte',
    'maxShardBytes',
    (o) => writeTensors('', { tensors: new Map(), metadata: {} }, o),
  ],
  ['resize', 'filters', 'filter', (o) => residua.resize(pixel, 1, 1, o)],
  ['interpolate', 'sizes', 'size', (o) => residua.interpolate(image, o), { scale: 2 }],
  ['padAxes', 'paddings', 'padding', (o) => residua.padAxes(image, o), { padding: [] }],
  ['blurPool2d', 'filtersize', 'filterSize', (o) => residua.blurPool2d(image, o)],
  ['BlurPool2d', 'strides', 'stride', (o) => new residua.BlurPool2d(o)],
  ['sliceAxis', 'ende', 'end', (o) => residua.sliceAxis(image, o)],
  ['localResponseNorm', 'alfa', 'alpha', (o) => residua.localResponseNorm(image, o), { size: 1 }],
  ['Upsample', 'align_corners', 'alignCorners', (o) => new residua.Upsample(o), { scale: 2 }],
  ['LocalResponseNorm', 'bet', 'beta', (o) => new residua.LocalResponseNorm(o), { size: 1 }],
  ['ResNet', 'numClass', 'numClasses', (o) => residua.resnet18(o)],
  ['CifarResNet', 'inchannels', 'inChannels', (o) => residua.resnet20(o)],
  ['DenseNet', 'memory_efficient', 'memoryEfficient', (o) => residua.densenet40(o)],
  ['VGG', 'skip', 'skips', (o) => residua.vgg11(o)],
  ['AlexNet', 'drop_out', 'dropout', (o) => residua.alexnet(o)],
  ['GoogLeNet', 'auxilary', 'auxiliary', (o) => residua.googlenet(o)],
  ['Conv2d', 'strides', 'stride', (o) => new residua.Conv2d(1, 1, o), window],
  [
    'ConvTranspose2d',
    'outputPaddings',
    'outputPadding',
    (o) => new residua.ConvTranspose2d(1, 1, o),
    window,
  ],
  ['DepthwiseConv2d', 'paddings', 'padding', (o) => new residua.DepthwiseConv2d(2, o), window],
  ['Linear', 'biased', 'bias', (o) => new residua.Linear(1, 1, o)],
  ['BatchNorm2d', 'epsi', 'eps', (o) => new residua.BatchNorm2d(1, o)],
  ['MaxPool2d', 'ceilmode', 'ceilMode', (o) => new residua.MaxPool2d(o), window],
  ['AvgPool2d', 'pading', 'padding', (o) => new residua.AvgPool2d(o), window],
  ['DenseLayer', 'bottlenek', 'bottleneck', (o) => new residua.DenseLayer(1, o), { growth: 1 }],
  ['BasicBlock', 'short_cut', 'shortcut', (o) => new residua.BasicBlock(1, 1, o)],
  ['Bottleneck', 'group', 'groups', (o) => new residua.Bottleneck(4, 4, o)],
  ['PreActBasicBlock', 'zeroinit', 'zeroInit', (o) => new residua.PreActBasicBlock(1, 1, o)],
  ['PreActBottleneck', 'widths', 'width', (o) => new residua.PreActBottleneck(4, 4, o)],
  ['Residual', 'gates', 'gate', (o) => new residua.Residual(new residua.ReLU(), undefined, o)],
  ['add', 'rellu', 'relu', (o) => residua.add(image, image, o)],
  ['conv2d', 'dilations', 'dilation', (o) => residua.conv2d(image, residua.zeros([1, 1, 1, 1]), o)],
  [
    'depthwiseConv2d',
    'strides',
    'stride',
    (o) => residua.depthwiseConv2d(image, residua.zeros([1, 1, 1, 1]), o),
  ],
  [
    'convTranspose2d',
    'strides',
    'stride',
    (o) => residua.convTranspose2d(image, residua.zeros([1, 1, 1, 1]), o),
  ],
  ['maxPool2d', 'kernel', 'kernelSize', (o) => residua.maxPool2d(image, o), window],
  ['avgPool2d', 'countIncludePads', 'countIncludePad', (o) => residua.avgPool2d(image, o), window],
  ['batchNorm', 'trainning', 'training', (o) => residua.batchNorm(image, o)],
  ['dropout', 'stat', 'state', (o) => residua.dropout(image, o)],
  ['subsamplePad', 'befor', 'before', (o) => residua.subsamplePad(image, o)],
  [
    'crossEntropy',
    'label_smoothing',
    'labelSmoothing',
    (o) => residua.crossEntropy(residua.zeros([1, 2]), residua.zeros([1], 'i32'), o),
  ],
];

describe.each(rows)('%s', (place, typed, meant, call, others = {}) => {
  it(`knows no ${typed}, and takes it for ${meant}`, async () => {
    const run = async (): Promise<unknown> => call(odd({ ...others, [typed]: 1 }));
    await expect(run()).rejects.toThrow(TypeError);
    await expect(run()).rejects.toThrow(
      `${place}: unknown option "${typed}": did you mean "${meant}"?`,
    );
  });

  it('wants an object', async () => {
    const run = async (): Promise<unknown> => call(7 as never);
    await expect(run()).rejects.toThrow(`${place}: options are 7 but must be an object`);
  });
});

it('says what there is where nothing comes near', () => {
  expect(() => new residua.SGD(weights, odd({ beta: 0.9 }))).toThrow(
    'SGD: unknown option "beta": known are lr, momentum, nesterov, weightDecay',
  );
});

it('no public interface of options is passed over', () => {
  const folder = join(root, 'ts');
  const source = readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.ts') && !/^(cli|inspect|experiments)\//.test(name))
    .map((name) => readFileSync(join(folder, name), 'utf8'))
    .join('\n');
  const doors = ['index', 'node', 'keras', 'nn/index', 'functions/index', 'models/index']
    .concat(['io/index', 'data/index'])
    .map((name) => readFileSync(join(folder, `${name}.ts`), 'utf8'))
    .join('\n');
  const names = [...doors.matchAll(/type (\w+Options)\b/g)].map(([, name]) => name!);
  expect(names.length).toBeGreaterThan(20);
  expect(names.filter((name) => !source.includes(`OptionNames<${name}>`))).toEqual([]);
});

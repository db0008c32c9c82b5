import { Command, Option } from 'commander';
import process from 'node:process';
import { FormatError } from '../errors.ts';
import { readTensors, writeTensors } from '../io/node/weightsFile.ts';
import type { Safetensors, SafetensorsTensor } from '../io/safetensors.ts';
import { loadWeights } from '../io/weights.ts';
import { runtimeName } from '../inspect/runtimeName.ts';
import type { Classifier, Stem } from '../models/classifier.ts';
import { withoutInitialWeights } from '../nn/initialize.ts';
import { formatShape } from '../shape.ts';
import { isCheckpoint, restoreWeights } from '../train/checkpoint.ts';
import { runNetwork, type NetworkRun } from '../train/runNetwork.ts';
import { findModel, type FoundModel } from './findModel.ts';
import { formatPairs, megabytes } from './format.ts';
import {
  jsonOption,
  numericsOption,
  simdOption,
  threadsOption,
  type EngineFlags,
} from './options.ts';
import { printResult } from './say.ts';
import { startEngine } from './startEngine.ts';

interface RunFlags extends EngineFlags {
  readonly model: string;
  readonly weights: string;
  readonly input: string;
  readonly output: string;
  readonly stem?: Stem;
  readonly trainMode?: boolean;
  readonly freezeBn?: boolean;
  readonly grad?: boolean;
  readonly json?: boolean;
}

/** `residua run`. */
export function runCommand(): Command {
  return new Command('run')
    .description('Run a network with given weights on given tensors: logits, loss, gradients.')
    .requiredOption('--model <name>', 'network')
    .requiredOption('--weights <file>', "safetensors file, or index of several, with torch's names")
    .requiredOption('--input <file>', 'safetensors file with "input" [N,H,W,C]; and "target" [N]')
    .requiredOption('--output <file>', 'safetensors file that is written')
    .addOption(
      new Option('--stem <kind>', "beginning of the network (default: the network's own)").choices([
        'imagenet',
        'cifar',
      ]),
    )
    .option('--train-mode', "batch norm by the batch's statistics; dropout stays off")
    .option('--freeze-bn', 'batch norm by running statistics in --train-mode, too')
    .option('--grad', 'write the loss, and its gradient by each weight, too')
    .addOption(threadsOption())
    .addOption(numericsOption())
    .addOption(simdOption())
    .addOption(jsonOption())
    .action(run);
}

async function run(flags: RunFlags): Promise<void> {
  const found = findModel(flags.model);
  const weights = await readTensors(flags.weights);
  const given = await readTensors(flags.input);
  const { images, shape } = inputOf(given, flags.input);
  const engine = await startEngine(flags);
  const moduleBytes = engine.memoryBytes - engine.freeBytes;
  const model = modelOf(found, weights, flags, shape);
  const target = flags.grad ? targetOf(given, flags.input, shape[0]!, classesOf(model)) : undefined;
  const result = await runNetwork(model, images, shape, {
    ...(target && { target }),
    training: Boolean(flags.trainMode),
    freezeBatchNorm: Boolean(flags.freezeBn),
  });
  const { build, simd, threads, numerics, memoryBytes } = engine;
  engine.close();
  const facts = { model: found.name, build, numerics, runtime: runtimeName() };
  await writeTensors(flags.output, { tensors: tensorsOf(result), metadata: facts });
  const { logitsShape, loss, peakBytes, stateBytes, deferredBytes, constantBytes } = result;
  const held = stateBytes - deferredBytes;
  const planned = moduleBytes + peakBytes + held + constantBytes;
  const report = {
    ...facts,
    simd,
    threads,
    output: flags.output,
    logits: logitsShape,
    ...(loss !== undefined && { loss }),
    peakBytes,
    stateBytes,
    deferredBytes,
    constantBytes,
    plannedBytes: planned,
    wasmBytes: memoryBytes,
    processBytes: process.memoryUsage.rss(),
  };
  printResult(Boolean(flags.json), report, () =>
    formatPairs([
      [
        'output',
        `${flags.output}: logits ${formatShape(logitsShape)}${flags.grad ? ', loss, gradients' : ''}`,
      ],
      ...(loss === undefined ? [] : ([['loss', loss.toPrecision(7)]] as const)),
      [
        'plan',
        `${megabytes(planned)}: weights ${megabytes(held)}, packed ${megabytes(constantBytes)}, ` +
          `activations ${megabytes(peakBytes)}, module ${megabytes(moduleBytes)}`,
      ],
      [
        'high-water',
        `${megabytes(memoryBytes)} of WASM memory, ${megabytes(report.processBytes)} of the process`,
      ],
      ['WASM build', `${build}, ${simd} bits, ${numerics} numerics, ${threads} threads`],
    ]),
  );
}

/** The network with its weights; as many classes as these have, and GoogLeNet's auxiliary heads if these do. */
function modelOf(
  { make }: FoundModel,
  weights: Safetensors,
  { stem, weights: file }: RunFlags,
  shape: readonly number[],
): Classifier {
  const auxiliary = [...weights.tensors.keys()].some((name) => name.startsWith('aux'));
  const options = { inChannels: shape[3]!, auxiliary, ...(stem && { stem }) };
  const model = withoutInitialWeights(() => make(options));
  const head = [...model.stateDict()].findLast(([, { shape: own }]) => own.length === 2)![0];
  const classes = weights.tensors.get(head)?.shape[0];
  if (classes !== undefined && classes > 0 && classes !== classesOf(model)) {
    withoutInitialWeights(() => model.resetHead(classes));
  }
  if (isCheckpoint(weights)) restoreWeights(model, weights, file);
  else loadWeights(model, weights.tensors, { name: file });
  return model;
}

/** Outputs of the last linear layer. */
function classesOf(model: Classifier): number {
  return [...model.stateDict().values()].findLast(({ shape }) => shape.length === 2)!.shape[1]!;
}

function tensorOf({ tensors }: Safetensors, name: string, file: string): SafetensorsTensor {
  const tensor = tensors.get(name);
  if (tensor) return tensor;
  const names = [...tensors.keys()].slice(0, 6).join(', ');
  throw new FormatError(`${file}: run: has no tensor "${name}" but ${names || 'none'}`);
}

function inputOf(
  contents: Safetensors,
  file: string,
): { images: Float32Array; shape: readonly number[] } {
  const { dtype, shape, data } = tensorOf(contents, 'input', file);
  if (dtype === 'I64' || dtype === 'I32' || dtype === 'U8') {
    throw new FormatError(`${file}: run: input is ${dtype} but must be F32, F16, BF16 or F64`);
  }
  if (shape.length !== 4 || shape.includes(0)) {
    throw new FormatError(
      `${file}: run: input is ${formatShape(shape)} but must be [N, H, W, C], of at least one each`,
    );
  }
  const images = Float32Array.from(data);
  const at = images.findIndex((value) => !Number.isFinite(value));
  if (at >= 0) {
    throw new FormatError(
      `${file}: run: input is ${images[at]} at element ${at}, which is not finite`,
    );
  }
  return { images, shape };
}

function targetOf(contents: Safetensors, file: string, count: number, classes: number): Int32Array {
  const { dtype, shape, data } = tensorOf(contents, 'target', file);
  if ((dtype !== 'I64' && dtype !== 'I32') || shape.length !== 1 || shape[0] !== count) {
    throw new FormatError(
      `${file}: run: target is ${dtype} ${formatShape(shape)} but must be I64 or I32 [${count}]`,
    );
  }
  const labels = Array.from(data as ArrayLike<number | bigint>, Number);
  const at = labels.findIndex((label) => label < 0 || label >= classes);
  if (at >= 0) {
    throw new FormatError(
      `${file}: run: target is ${labels[at]} at element ${at} but classes go from 0 to ${classes - 1}`,
    );
  }
  return Int32Array.from(labels);
}

function tensorsOf({
  logits,
  logitsShape,
  loss,
  gradients,
}: NetworkRun): Map<string, SafetensorsTensor> {
  return new Map<string, SafetensorsTensor>([
    ['logits', { dtype: 'F32', shape: logitsShape, data: logits }],
    ...(loss === undefined
      ? []
      : ([['loss', { dtype: 'F32', shape: [], data: Float32Array.of(loss) }]] as const)),
    ...(gradients ?? []),
  ]);
}

import { Command } from 'commander';
import process from 'node:process';
import { normalise } from '../../data/normalise.ts';
import { FormatError } from '../../base/errors.ts';
import { readTensors, writeTensors } from '../../io/node/weightsFile.ts';
import type { Safetensors, SafetensorsTensor } from '../../io/safetensors.ts';
import { runtimeName } from '../../inspect/runtimeName.ts';
import { formatShape } from '../../base/shape.ts';
import { runNetwork, type NetworkRun } from '../../train/runNetwork.ts';
import { checkClasses, normalisationOf, readClasses } from '../loading/plainImages.ts';
import { findModel } from '../../models/findModel.ts';
import { formatPairs, megabytes } from '../terminal/format.ts';
import { classesOf, modelOfWeights } from '../loading/modelOfWeights.ts';
import {
  jsonOption,
  numericsOption,
  simdOption,
  threadsOption,
  type EngineFlags,
} from '../options.ts';
import { printResult } from '../terminal/say.ts';
import { startEngine } from '../startEngine.ts';
import { addWeightOptions, type WeightFlags } from '../loading/weightFlags.ts';

interface RunFlags extends EngineFlags, WeightFlags {
  readonly model: string;
  readonly weights: string;
  readonly input: string;
  readonly output: string;
  readonly trainMode?: boolean;
  readonly freezeBn?: boolean;
  readonly grad?: boolean;
  readonly json?: boolean;
}

/** `residua run`. */
export function runCommand(): Command {
  const command = new Command('run')
    .description('Run a network with given weights on given tensors: logits, loss, gradients.')
    .requiredOption('--model <name>', 'network')
    .requiredOption('--weights <file>', "safetensors file, or index of several, with torch's names")
    .requiredOption('--input <file>', 'safetensors file with "input" [N,H,W,C]; and "target" [N]')
    .requiredOption('--output <file>', 'safetensors file that is written');
  return addWeightOptions(command)
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
  const names = flags.classes === undefined ? undefined : await readClasses(flags.classes);
  const { images, shape } = inputOf(given, flags.input, flags);
  const engine = await startEngine(flags);
  const moduleBytes = engine.memoryBytes - engine.freeBytes;
  const model = modelOfWeights(found, weights, flags.weights, flags, shape[3]);
  if (names) checkClasses(names, model, flags);
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
    ...(names && { likeliest: likeliest(result.logits, names) }),
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
      ...(report.likeliest ? ([['likeliest', report.likeliest.join(', ')]] as const) : []),
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

/** The class of each image that has the largest logit. */
function likeliest(logits: Float32Array, names: readonly string[]): string[] {
  return Array.from({ length: logits.length / names.length }, (_, image) => {
    const row = logits.subarray(image * names.length, (image + 1) * names.length);
    return names[row.indexOf(Math.max(...row))]!;
  });
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
  flags: RunFlags,
): { images: Float32Array; shape: readonly number[] } {
  const { dtype, shape, data } = tensorOf(contents, 'input', file);
  const isNormalised = flags.mean === undefined && flags.std === undefined;
  const wanted = isNormalised ? ['F32', 'F16', 'BF16', 'F64'] : ['U8'];
  if (!wanted.includes(dtype)) {
    const words = isNormalised
      ? 'F32, F16, BF16 or F64, or U8 pixels with --mean and --std'
      : 'U8 pixels, as --mean and --std are there';
    throw new FormatError(`${file}: run: input is ${dtype} but must be ${words}`);
  }
  if (shape.length !== 4 || shape.includes(0)) {
    throw new FormatError(
      `${file}: run: input is ${formatShape(shape)} but must be [N, H, W, C], of at least one each`,
    );
  }
  const images =
    data instanceof Uint8Array
      ? normalise(data, normalisationOf('run', flags, shape[3]!))
      : Float32Array.from(data as Float32Array);
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

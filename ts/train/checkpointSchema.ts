import {
  array,
  boolean,
  looseObject,
  maxValue,
  minLength,
  minValue,
  number,
  finite,
  optional,
  picklist,
  pipe,
  string,
  type GenericSchema,
} from 'valibot';
import { FormatError } from '../base/errors.ts';
import { checkJson } from '../io/readJson.ts';
import { plainText, someObject, wholeNumber } from '../io/schemas.ts';
import type { CheckpointFacts } from './checkpoint.ts';

/** Values of a picture: 4096² grey ones. */
const MOST_VALUES = 2 ** 24;
/** A network may be for larger images than it was trained on, as Touvron et al. 2019 have it, by a fifth or two; not by more than this. */
const MOST_GROWTH = 4;

const size = () => pipe(wholeNumber(1), maxValue(MOST_VALUES, `at most ${MOST_VALUES}`));

const statistics = () => ({
  mean: array(pipe(number(), finite('finite'))),
  std: array(pipe(number(), finite('finite'), minValue(Number.MIN_VALUE, 'above 0'))),
});

const dataSchema = () =>
  looseObject({
    name: plainText(),
    height: size(),
    width: size(),
    channels: size(),
    // None where nobody named them: they are shown by their indices.
    classes: array(plainText()),
    ...statistics(),
    preparation: optional(
      looseObject({
        inkSize: size(),
        centre: picklist(['mass', 'box']),
        fullContrast: boolean(),
      }),
    ),
  });

const factsSchema = (): GenericSchema<unknown, CheckpointFacts> =>
  looseObject({
    model: pipe(string(), minLength(1, 'a name')),
    modelOptions: pipe(
      someObject(),
      looseObject({
        numClasses: optional(wholeNumber(1)),
        inChannels: optional(wholeNumber(1)),
        stem: optional(picklist(['imagenet', 'cifar'])),
        seed: optional(wholeNumber(0)),
      }),
    ),
    data: dataSchema(),
    step: wholeNumber(0),
    seed: wholeNumber(0),
    settings: someObject(),
    // Written by versions after 0.1.0: what the network reads by, what it was trained on, where a run that goes on began.
    normalisation: optional(looseObject(statistics())),
    trainedOn: optional(looseObject({ height: size(), width: size() })),
    begun: optional(looseObject({ step: wholeNumber(0), epoch: wholeNumber(0) })),
  });

const PARTS = ['model', 'modelOptions', 'data', 'step', 'seed', 'settings'];

/**
 * What a checkpoint says of itself, checked: each part, and where two of them must agree.
 *
 * @throws {FormatError} naming the first that is not what it must be
 */
export function readFacts(value: unknown, place: string): CheckpointFacts {
  const given = typeof value === 'object' && value !== null ? value : {};
  if (!PARTS.every((part) => part in given)) {
    throw new FormatError(
      `${place}: its "residua" metadata does not say model, modelOptions, data, step, seed and settings`,
    );
  }
  const facts = checkJson(factsSchema(), value, place);
  checkAgreement(facts, place);
  return facts;
}

function checkAgreement(facts: CheckpointFacts, place: string): void {
  const { data, modelOptions, step, begun, trainedOn } = facts;
  const { height, width, channels, classes, mean, std } = data;
  const refuse = (what: string, found: string, wanted: string): never => {
    throw new FormatError(`${place}: ${what}: ${found} but ${wanted}`);
  };
  if (begun && begun.step > step)
    refuse('begun.step', `is ${begun.step}`, `the run is at step ${step}`);
  for (const [what, values] of Object.entries({ mean, std })) {
    if (values.length !== channels) {
      refuse(`data.${what}`, `has ${values.length} values`, `images have ${channels} channels`);
    }
  }
  const { numClasses, inChannels } = modelOptions;
  if (numClasses !== undefined && classes.length > 0 && numClasses !== classes.length) {
    refuse('data.classes', `has ${classes.length} names`, `the network has ${numClasses} outputs`);
  }
  if (inChannels !== undefined && inChannels !== channels) {
    refuse('data.channels', `is ${channels}`, `the network takes ${inChannels}`);
  }
  if (height * width * channels > MOST_VALUES) {
    refuse(
      'data.height and width',
      `images are ${height} × ${width} × ${channels}`,
      `at most ${MOST_VALUES} values are allowed`,
    );
  }
  for (const side of ['height', 'width'] as const) {
    if (trainedOn && data[side] > MOST_GROWTH * trainedOn[side]) {
      const { height, width } = trainedOn;
      throw new FormatError(
        `${place}: data.${side}: is ${data[side]} but the network was trained on images of ${height} × ${width}`,
      );
    }
  }
}

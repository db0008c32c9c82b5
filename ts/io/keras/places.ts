import { BatchNorm2d } from '../../nn/batchNorm2d.ts';
import { Conv2d } from '../../nn/conv2d.ts';
import { Linear } from '../../nn/linear.ts';
import type { Module } from '../../nn/module.ts';
import { Sequential } from '../../nn/sequential.ts';
import { sameShape } from '../../base/shape.ts';
import { kindOfGroup, type KerasLayer } from './layers.ts';
import type { KerasNetwork } from './names.ts';

/**
 * The path of a module for each layer: by the first of its names that is one; else, where the caller has not said which is
 * which, by its number among a class's attributes, or as the only dense layer of a network with one.
 */
export function placesOf(
  layers: readonly KerasLayer[],
  network: KerasNetwork,
  model: Module,
): string[] {
  const modules = new Map(model.modules());
  const isPlace = (path: string): boolean => modules.has(path);
  const places = layers.map(({ names }) => {
    const paths = names.map((name) => network.pathOf(name));
    return paths.find(isPlace) ?? paths[0]!;
  });
  if (network.isMapped) return places;
  const taken = new Set(places);
  for (const [index, layer] of layers.entries()) {
    if (isPlace(places[index]!)) continue;
    const path = placeByNumber(layer, model, modules);
    if (path === undefined || taken.has(path)) continue;
    places[index] = path;
    taken.add(path);
  }
  const dense = layers.flatMap((layer, index) => {
    const isDense = layer.variables.get('kernel')?.shape.length === 2;
    return isDense && !isPlace(places[index]!) ? [index] : [];
  });
  const heads = [...modules].filter(
    ([path, module]) => module instanceof Linear && !taken.has(path),
  );
  if (dense.length === 1 && heads.length === 1) places[dense[0]!] = heads[0]![0];
  return places;
}

/**
 * Keras stores attributes of a model's class by their names, except those that come after `layers` in the alphabet: these
 * have a number among all layers of their class, in the order in which the attributes were set. Ours are in that order, too.
 */
function placeByNumber(
  { names, variables }: KerasLayer,
  model: Module,
  modules: ReadonlyMap<string, Module>,
): string | undefined {
  const [list, group, ...rest] = names.at(-1)!.split('/');
  if (list !== 'layers' || group === undefined) return undefined;
  const kind = kindOfGroup(group);
  const number = group === kind ? 0 : Number(group.slice(kind.length + 1));
  const found = ofKind(attributesOf(model), kind)[number];
  if (!found || found.attribute < 'layers') return undefined;
  const path = [found.path, ...rest.filter((part) => part !== 'layers')].join('.');
  const module = modules.get(path);
  const weight = variables.get('kernel') ?? variables.get('moving_mean');
  if (
    !weight ||
    !(module instanceof Conv2d || module instanceof Linear || module instanceof BatchNorm2d)
  ) {
    return undefined;
  }
  return sameShape(module.weight.shape, weight.shape) ? path : undefined;
}

interface Attribute {
  /** The property that it is, or lies in a list of. */
  readonly attribute: string;
  readonly path: string;
  readonly module: Module;
}

/** Modules that are properties, and those in a property's list. */
function attributesOf(model: Module): Attribute[] {
  return [...model.children()].flatMap(([attribute, module]) => {
    const own = { attribute, path: attribute, module };
    if (!(module instanceof Sequential)) return [own];
    const inside = [...module.children()].map(([name, child]) => ({
      attribute,
      path: `${attribute}.${name}`,
      module: child,
    }));
    return [own, ...inside];
  });
}

const LAYERS: Readonly<Record<string, new (...settings: never[]) => Module>> = {
  conv2d: Conv2d,
  dense: Linear,
  batch_normalization: BatchNorm2d,
  sequential: Sequential,
};

/** Those that a class of Keras is: of a kind of layer, or of a class of the caller's own, which may have another name here. */
function ofKind(attributes: readonly Attribute[], kind: string): readonly Attribute[] {
  const layer = LAYERS[kind];
  if (layer) return attributes.filter(({ module }) => module instanceof layer);
  const own = attributes.filter(
    ({ module }) =>
      [...module.children()].length > 0 &&
      !Object.values(LAYERS).some((known) => module instanceof known),
  );
  const classes = new Set(own.map(({ module }) => module.constructor));
  const named = own.filter(
    ({ module }) => module.constructor.name.toLowerCase() === kind.replaceAll('_', ''),
  );
  return named.length > 0 || classes.size > 1 ? named : own;
}

import type { ConfiguredLayer } from './config.ts';
import {
  isKind,
  KINDS,
  type KerasFile,
  type KerasKind,
  type KerasLayer,
  type KerasOtherLayer,
  type KerasSettings,
  type KerasUnknown,
  type KerasVariable,
} from './layers.ts';
import { normalisationOf } from './normalisation.ts';
import { otherLayers } from './otherLayers.ts';

/** Statistics that `Normalization` has learned from data. */
const ADAPTED = new Set(['mean', 'variance', 'count']);
/** Classes whose variables are those of one layer. */
const LAYERS = new Set(['Conv2D', 'Dense', 'BatchNormalization']);

/** Collects variables that are stored under the names of their layers and their own: `<layer>/<kind>`. */
export class NamedVariables {
  readonly #file: string;
  readonly #configured: readonly ConfiguredLayer[];
  readonly #variables = new Map<string, Map<string, KerasVariable>>();
  readonly #names = new Map<string, readonly string[]>();
  readonly #passedOver: string[] = [];

  constructor(file: string, configured: readonly ConfiguredLayer[] = []) {
    this.#file = file;
    this.#configured = configured;
  }

  /** Names a group that holds nothing of a network. */
  passOver(name: string): void {
    this.#passedOver.push(name);
  }

  /**
   * Adds a variable.
   *
   * @param path names of its models, of its layer, and of scopes below, which may repeat the layer's
   * @param variable undefined where it holds no floats
   */
  add(
    path: readonly string[],
    kind: string,
    variable: KerasVariable | undefined,
    type: string,
  ): void {
    const own = path.filter((name, i) => i === 0 || name !== path[i - 1]);
    const name = own.join('/');
    if (!variable) {
      if (!ADAPTED.has(kind)) this.#passedOver.push(`${name}/${kind} (${type})`);
      return;
    }
    const suffixes = own.map((_, from) => own.slice(from).join('/'));
    this.#names.set(name, [...new Set([...suffixes, own[0] ?? '', path.join('/')])]);
    let variables = this.#variables.get(name);
    if (!variables) this.#variables.set(name, (variables = new Map<string, KerasVariable>()));
    variables.set(kind, variable);
  }

  /** All that was added, as a file. */
  file(): KerasFile {
    const byName = new Map(this.#configured.map((layer) => [layer.name, layer]));
    const layers: KerasLayer[] = [];
    const unknown: KerasUnknown[] = [];
    const others: KerasOtherLayer[] = [];
    const adapted = new Map<string, KerasOtherLayer['settings']>();
    for (const [name, variables] of this.#variables) {
      const names = this.#names.get(name)!;
      const kinds = [...variables.keys()];
      if (kinds.every((kind) => ADAPTED.has(kind))) {
        const [mean, variance] = ['mean', 'variance'].map((kind) =>
          smallValues(variables.get(kind)),
        );
        adapted.set(name, { mean, variance });
        others.push({ name, kind: 'normalization', settings: { mean, variance } });
        continue;
      }
      const foreign = kinds.find((kind) => !isKind(kind));
      if (foreign !== undefined) {
        const fact = `keras: ${name} has a variable "${foreign}" but known are ${KINDS.join(', ')}`;
        unknown.push({ name, fact: `${this.#file}: ${fact}` });
      }
      const known = [...variables].filter((entry): entry is [KerasKind, KerasVariable] =>
        isKind(entry[0]),
      );
      const settings = settingsOf(name, byName);
      if (known.length > 0) layers.push({ names, variables: new Map(known), settings });
    }
    const configured = this.#configured.map((layer) => {
      const learned = adapted.get(layer.name);
      return learned ? { ...layer, settings: { ...layer.settings, ...learned } } : layer;
    });
    const withWeights = layers.map(({ names: [name] }) => name!);
    const stated = otherLayers(configured, ({ name }) =>
      withWeights.some((path) => path === name || path.startsWith(`${name}/`)),
    );
    const normalisation = normalisationOf(configured);
    return {
      layers,
      others: configured.length > 0 ? stated : others,
      unknown,
      passedOver: this.#passedOver,
      pads: configured.length === 0 || configured.some(({ kind }) => kind === 'ZeroPadding2D'),
      ...(normalisation && { normalisation }),
    };
  }
}

/** Settings of a layer by its name, or that of its first group: scopes below may be called anything. */
function settingsOf(name: string, byName: ReadonlyMap<string, ConfiguredLayer>): KerasSettings {
  const first = byName.get(name.split('/')[0]!);
  const isLayer = first !== undefined && LAYERS.has(first.kind);
  return (byName.get(name) ?? (isLayer ? first : undefined))?.settings ?? {};
}

/** Values of a statistic by channel, which no network takes. */
function smallValues(variable: KerasVariable | undefined): number[] {
  const size = variable?.shape.reduce((product, length) => product * length, 1) ?? 0;
  return variable && size <= 4096 ? [...variable.values()] : [];
}

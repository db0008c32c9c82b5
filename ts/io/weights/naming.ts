/** Names that others give the weights of the networks here. */
export interface Naming {
  /** Whose it is: `timm's VGG`. */
  readonly whose: string;
  /** Our name for theirs; the same where it is none of theirs. */
  rename(name: string): string;
}

type Rule = readonly [pattern: RegExp, name: string | ((...groups: string[]) => string)];

/** Rules of which the first that fits a name is applied; `$1` in its target is its first group. */
export function naming(whose: string, rules: readonly Rule[]): Naming {
  return {
    whose,
    rename(name) {
      const rule = rules.find(([pattern]) => pattern.test(name));
      if (!rule) return name;
      const [pattern, target] = rule;
      return name.replace(pattern, (_, ...rest: string[]) => {
        const groups = rest.slice(0, -2);
        return typeof target === 'function'
          ? target(...groups)
          : target.replaceAll(/\$(\d)/g, (_dollar, group: string) => groups[Number(group) - 1]!);
      });
    },
  };
}

/** A network that says itself what others call its weights, for the namings of `namings.ts` are loaded with any network. */
export interface Named {
  readonly namings: readonly Naming[];
}

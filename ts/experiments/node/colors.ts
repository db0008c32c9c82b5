/** Plain nets warm, residual nets cold, the deeper the darker. */
const COLORS: Readonly<Record<string, string>> = {
  'plain-20': '#f0a04b',
  'plain-56': '#c0392b',
  'ResNet-20': '#7db2e8',
  'ResNet-56': '#1d4e9e',
};

/** The net of a variant's name: `plain-56, no norm` is of `plain-56`. */
export const netOf = (variant: string): string => variant.split(',')[0]!;

/** The line of a net in every figure. */
export const colorOf = (variant: string): string => COLORS[netOf(variant)] ?? '#666';

/** The nets of a figure and their colours, for its legend. */
export const netKeys = Object.entries(COLORS).map(([label, color]) => ({ label, color }));

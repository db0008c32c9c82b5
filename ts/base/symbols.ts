const symbols = Symbol as { dispose?: symbol; asyncDispose?: symbol };

symbols.dispose ??= Symbol('Symbol.dispose');
symbols.asyncDispose ??= Symbol('Symbol.asyncDispose');

/** `Symbol.dispose`, which Safari lacks. */
export const dispose: typeof Symbol.dispose = Symbol.dispose;

/** `Symbol.asyncDispose`, which Safari lacks. */
export const asyncDispose: typeof Symbol.asyncDispose = Symbol.asyncDispose;

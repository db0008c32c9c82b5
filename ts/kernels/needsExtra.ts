import type { Assets } from './assets.ts';
import type { Width } from './chooseWidth.ts';
import type { Instance, KernelListing } from './instance.ts';
import type { Read } from './readBuild.ts';

/** How the extra module is had: kernels that no net of the zoo needs. Its code is in a program where one of their ops is. */
export interface ExtraKernels {
  /** Reads the module for engines of a width, with memory that is shared or not. Throws Error saying why it cannot be had. */
  read(width: Width, assets: Assets, shared: boolean): Promise<Read>;
  /** Lets an instance run its kernels, whose list is returned. */
  join(module: WebAssembly.Module, instance: Instance, memory: WebAssembly.Memory): KernelListing;
}

let needed: ExtraKernels | undefined;

/** Has engines that are made from now on load the extra module. */
export function needExtra(extra: ExtraKernels): void {
  needed = extra;
}

/** The extra module, where an op of this program has its kernels there. */
export const extraKernels = (): ExtraKernels | undefined => needed;

/// <reference lib="esnext.disposable" />

/**
 * Names of the web that the declarations of the package use, for projects whose settings lack them. Where the `DOM` library or `@types/node` has
 * one, these empty ones add nothing to it.
 */
/* eslint-disable @typescript-eslint/no-empty-object-type */
declare namespace WebAssembly {
  interface Memory {}
  interface Module {}
}
interface AbortSignal {}
interface URL {}
interface Worker {}

/** What the build packs into the code of `residua/inline`: base64 of a file, and a text. */
declare module '*.bin' {
  const base64: string;
  export default base64;
}
declare module '*?text' {
  const text: string;
  export default text;
}

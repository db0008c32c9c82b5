/** What a `data:` URL holds, read without `fetch`, which a page's policy may forbid. */
export function bytesOfDataUrl({ href }: URL): Uint8Array<ArrayBuffer> {
  const comma = href.indexOf(',');
  const text = decodeURIComponent(href.slice(comma + 1));
  if (!/;base64$/i.test(href.slice(0, comma))) return new TextEncoder().encode(text);
  return Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0));
}

/** A key of a JSON text and whether its object had the same key before. */
export interface JsonKey {
  readonly key: string;
  readonly repeated: boolean;
}

/** All keys of all objects of a JSON text that is known to be valid; `JSON.parse` keeps silent about repeated ones. */
export function* jsonKeys(json: string): Generator<JsonKey> {
  const open: Set<string>[] = [];
  for (let at = 0; at < json.length; at++) {
    switch (json[at]) {
      case '{':
      case '[':
        open.push(new Set());
        break;
      case '}':
      case ']':
        open.pop();
        break;
      case '"': {
        const end = endOfString(json, at);
        if (isFollowedByColon(json, end)) {
          const key = JSON.parse(json.slice(at, end)) as string;
          const keys = open.at(-1)!;
          yield { key, repeated: keys.has(key) };
          keys.add(key);
        }
        at = end - 1;
      }
    }
  }
}

function endOfString(json: string, start: number): number {
  let at = start + 1;
  while (json[at] !== '"') at += json[at] === '\\' ? 2 : 1;
  return at + 1;
}

function isFollowedByColon(json: string, end: number): boolean {
  let at = end;
  while (json[at] === ' ' || json[at] === '\n' || json[at] === '\r' || json[at] === '\t') at++;
  return json[at] === ':';
}

import process from 'node:process';

/** A line for the person at the terminal, on stderr, so that stdout keeps the result alone. */
export function say(text: string): void {
  process.stderr.write(`residua: ${text.replace(/^residua: /, '')}\n`);
}

/** Prints the result of a command: as it is, or one line of JSON. */
export function printResult(json: boolean, data: unknown, text: () => string): void {
  process.stdout.write(`${json ? JSON.stringify(data) : text()}\n`);
}

import process from 'node:process';

/** Control characters but for lines and tabs as escapes: names of files and classes must not steer a terminal. */
const steady = (text: string): string =>
  text.replace(
    /[^\P{Cc}\n\t]/gu,
    (char) => `\\x${char.charCodeAt(0).toString(16).padStart(2, '0')}`,
  );

/** A line for the person at the terminal, on stderr, so that stdout keeps the result alone. */
export function say(text: string): void {
  process.stderr.write(`residua: ${steady(text.replace(/^residua: /, ''))}\n`);
}

/** Prints the result of a command: as it is, or one line of JSON. */
export function printResult(json: boolean, data: unknown, text: () => string): void {
  process.stdout.write(`${json ? JSON.stringify(data) : steady(text())}\n`);
}

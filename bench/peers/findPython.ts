import { spawnSync } from 'node:child_process';

/** The first Python that has PyTorch; the usual name when none has, whose own error then stands in the row. */
export function findPython(): string {
  const names = ['python3', '/usr/bin/python3'];
  return names.find((name) => spawnSync(name, ['-c', 'import torch']).status === 0) ?? names[0]!;
}

import { describe, expect, it } from 'vitest';
import { residua } from './cli.ts';

const widest = (text: string): number => Math.max(...text.split('\n').map((line) => line.length));

describe('residua --help', () => {
  it.each([[], ['train'], ['eval'], ['predict'], ['inspect'], ['bench'], ['run']])(
    '%s fits 80 columns',
    async (...command) => {
      const { code, stdout } = await residua(...command, '--help');
      expect(code).toBe(0);
      expect(stdout).toMatch(/^Usage: residua /);
      expect(widest(stdout)).toBeLessThanOrEqual(80);
    },
  );

  it('tells the version', async () => {
    const { stdout } = await residua('--version');
    expect(stdout).toMatch(/^\d+\.\d+\.\d+\n$/);
  });
});

describe('residua inspect', () => {
  it('gives modules, totals and plan as JSON', async () => {
    const args = ['inspect', '--model', 'resnet20', '--input', '1,28,28,1', '--json'];
    const { code, stdout, stderr } = await residua(...args);
    expect(code, stderr).toBe(0);
    const shown = JSON.parse(stdout) as {
      parameters: number;
      modules: { path: string; output: number[]; parameters: number }[];
      plan: { pass: string; steps: { op: string; kernels: string[] }[] };
    };
    expect(shown.parameters).toBe(269_434);
    expect(shown.modules.find(({ path }) => path === 'layer3.2.conv2')).toMatchObject({
      output: [1, 7, 7, 64],
      parameters: 36_864,
    });
    expect(shown.plan.pass).toBe('inference');
    expect(shown.plan.steps.length).toBeGreaterThan(19);
    expect(shown.plan.steps[0]!.kernels[0]).toMatch(/^conv2d\.forward\.f32\//);
  });

  it('prints within 80 columns, training too', async () => {
    for (const extra of [[], ['--train', '--batch', '128']]) {
      const { code, stdout } = await residua('inspect', '--model', 'resnet20', ...extra);
      expect(code).toBe(0);
      expect(stdout).toContain('layer3.2.conv2');
      expect(widest(stdout)).toBeLessThanOrEqual(80);
    }
  });
});

describe('residua bench', () => {
  it('gives rows as JSON', async () => {
    const args = [
      'bench',
      'infer',
      '--model',
      'resnet8',
      '--rounds',
      '1',
      '--threads',
      '1',
      '--json',
    ];
    const { code, stdout, stderr } = await residua(...args);
    expect(code, stderr).toBe(0);
    const rows = JSON.parse(stdout) as { pass: string; medianMs: number }[];
    expect(rows.map(({ pass }) => pass)).toEqual(['ceiling', 'inference']);
    expect(rows[1]!.medianMs).toBeGreaterThan(0);
  });
});

/** What Bun can do, what an engine takes of it, and what it computes, as a line of JSON. */
import * as residua from '../../ts/index.ts';
import { strictTraining } from './strictTraining.mjs';

const built = async (options: residua.EngineOptions): Promise<string> => {
  const engine = await residua.init(options);
  engine.close();
  return engine.build;
};
const facts = {
  features: residua.probe(),
  fast: await built({ threads: 1 }),
  strict: await built({ threads: 1, numerics: 'strict' }),
  training: await strictTraining(residua, { threads: 2 }),
};
console.log(JSON.stringify(facts));

import { init, Predictor, resnet8, SGD, Trainer } from 'residua/inline';
import { run } from './run.js';

run({ init, Predictor, resnet8, SGD, Trainer }).then(
  (outcome) => console.log(JSON.stringify(outcome)),
  (error) => console.log(JSON.stringify({ error: error.stack })),
);

import { init, Predictor, resnet8, SGD, Trainer } from 'residua';
import { run } from './run.js';
import { tell } from './tell.js';

void tell(run({ init, Predictor, resnet8, SGD, Trainer }));

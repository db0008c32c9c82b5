import { init, Predictor, resnet8, sigmoid, SGD, tensor, Trainer } from 'residua/inline';
import { run } from './run.js';
import { tell } from './tell.js';

void tell(run({ init, Predictor, resnet8, sigmoid, SGD, tensor, Trainer }));

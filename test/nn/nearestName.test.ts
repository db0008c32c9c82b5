import { expect, it } from 'vitest';
import { nearestName, unknownName } from '../../ts/base/nearestName.ts';

const known = ['mnist', 'fashion-mnist', 'cifar10', 'cifar100'];

it.each([
  ['mnits', 'mnist'],
  ['MNIST', 'mnist'],
  ['fashion_mnist', 'fashion-mnist'],
  ['fashionmnist', 'fashion-mnist'],
  ['cifar-100', 'cifar100'],
  ['fash', 'fashion-mnist'],
  ['imagenet', undefined],
  ['', undefined],
])('%s is nearest to %s', (name, nearest) => {
  expect(nearestName(name, known)).toBe(nearest);
});

it('has no nearest of none', () => {
  expect(nearestName('mnist', [])).toBeUndefined();
});

it('says what was meant, or what there is', () => {
  expect(unknownName('data set', 'mnits', known)).toBe(
    'unknown data set "mnits": did you mean "mnist"?',
  );
  expect(unknownName('data set', 'imagenet', known)).toBe(
    'unknown data set "imagenet": known are mnist, fashion-mnist, cifar10, cifar100',
  );
});

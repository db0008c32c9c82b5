/** Names that {@link DATASETS} lists. */
export type DatasetName = 'mnist' | 'fashion-mnist' | 'cifar10' | 'cifar100';

/** Which part of a data set. */
export type Split = 'train' | 'test';

/**
 * How a data set's grey pictures, light on a ground of 0, were made of what people drew or photographed; new pictures are
 * made alike by `fitImage`.
 */
export interface Preparation {
  /** Longest side of the box that the ink is cropped and scaled to, in pixels. */
  readonly inkSize: number;
  /** What lies in the middle of the picture: the ink's centre of mass, or its box. */
  readonly centre: 'mass' | 'box';
  /** Whether the strongest ink is made 255, as where the originals were black and white. */
  readonly fullContrast: boolean;
}

/** What is known of a data set before its files are read. */
export interface DatasetFacts {
  readonly name: string;
  readonly height: number;
  readonly width: number;
  readonly channels: number;
  readonly classes: readonly string[];
  /** Mean of `pixel / 255` by channel over the training images. */
  readonly mean: readonly number[];
  /** Standard deviation of `pixel / 255` by channel over the training images. */
  readonly std: readonly number[];
  /** How its pictures were made; absent where they are photographs as they were taken. */
  readonly preparation?: Preparation | undefined;
}

const CIFAR100_CLASSES =
  'apple aquarium_fish baby bear beaver bed bee beetle bicycle bottle bowl boy bridge bus ' +
  'butterfly camel can castle caterpillar cattle chair chimpanzee clock cloud cockroach couch ' +
  'crab crocodile cup dinosaur dolphin elephant flatfish forest fox girl hamster house kangaroo ' +
  'keyboard lamp lawn_mower leopard lion lizard lobster man maple_tree motorcycle mountain mouse ' +
  'mushroom oak_tree orange orchid otter palm_tree pear pickup_truck pine_tree plain plate poppy ' +
  'porcupine possum rabbit raccoon ray road rocket rose sea seal shark shrew skunk skyscraper ' +
  'snail snake spider squirrel streetcar sunflower sweet_pepper table tank telephone television ' +
  'tiger tractor train trout tulip turtle wardrobe whale willow_tree wolf woman worm';

/** The data sets known by name. */
export const DATASETS: Readonly<Record<DatasetName, DatasetFacts>> = {
  mnist: {
    name: 'mnist',
    height: 28,
    width: 28,
    channels: 1,
    classes: ['0', '1', '2', '3', '4', '5', '6', '7', '8', '9'],
    mean: [0.1307],
    std: [0.3081],
    // "size normalized to fit in a 20x20 pixel box … centered in a 28x28 image by … the center of mass".
    preparation: { inkSize: 20, centre: 'mass', fullContrast: true },
  },
  'fashion-mnist': {
    name: 'fashion-mnist',
    height: 28,
    width: 28,
    channels: 1,
    classes: [
      'T-shirt/top',
      'Trouser',
      'Pullover',
      'Dress',
      'Coat',
      'Sandal',
      'Shirt',
      'Sneaker',
      'Bag',
      'Ankle boot',
    ],
    mean: [0.286],
    std: [0.353],
    // Xiao, Rasul and Vollgraf 2017, section 2: trimmed, longest edge 28, extended to a square, negated.
    preparation: { inkSize: 28, centre: 'box', fullContrast: false },
  },
  cifar10: {
    name: 'cifar10',
    height: 32,
    width: 32,
    channels: 3,
    classes: [
      'airplane',
      'automobile',
      'bird',
      'cat',
      'deer',
      'dog',
      'frog',
      'horse',
      'ship',
      'truck',
    ],
    mean: [0.4914, 0.4822, 0.4465],
    std: [0.247, 0.2435, 0.2616],
  },
  cifar100: {
    name: 'cifar100',
    height: 32,
    width: 32,
    channels: 3,
    classes: CIFAR100_CLASSES.split(' '),
    mean: [0.5071, 0.4865, 0.4409],
    std: [0.2673, 0.2564, 0.2762],
  },
};

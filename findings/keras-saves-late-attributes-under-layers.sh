#!/usr/bin/env bash
# Keras 3.15.1 saves a subclassed model attribute by attribute, in alphabetical order, under the attributes' names, up to its own attribute
# "layers". What sorts before that has its name ("conv" below); what sorts after it was saved already as a part of "layers", under the name
# of its class and a count, and its own name ("stem", "top") is nowhere in the file. Two attributes of one class are told apart by order alone.
#
# Seen: conv/vars/0, conv/vars/1, layers/dense/vars/0, layers/dense/vars/1, layers/dense_1/vars/0, layers/dense_1/vars/1
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
python3 -m venv venv
venv/bin/pip install --quiet --disable-pip-version-check keras==3.15.1 jax==0.7.1 h5py

cat > save.py <<'PY'
import h5py, keras, numpy

class Net(keras.Model):
    def __init__(self):
        super().__init__()
        self.conv = keras.layers.Conv2D(2, 3)
        self.stem = keras.layers.Dense(3)
        self.top = keras.layers.Dense(4)

    def call(self, x):
        return self.top(self.stem(self.conv(x)))

net = Net()
net(numpy.zeros([1, 5, 5, 1], "float32"))
net.save_weights("net.weights.h5")
names = []
with h5py.File("net.weights.h5") as file:
    file.visititems(lambda name, item: names.append(name) if isinstance(item, h5py.Dataset) else None)
print("\n".join(sorted(names)))
PY
seen=$(KERAS_BACKEND=jax venv/bin/python save.py 2> /dev/null)
echo "$seen"
expected='conv/vars/0
conv/vars/1
layers/dense/vars/0
layers/dense/vars/1
layers/dense_1/vars/0
layers/dense_1/vars/1'
[ "$seen" = "$expected" ] || { echo 'this is not what was seen'; exit 1; }

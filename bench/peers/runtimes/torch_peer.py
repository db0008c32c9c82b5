"""PyTorch as a peer: `python3 torch_peer.py <job as JSON>`; the protocol is that of protocol.ts.

Eager, with oneDNN; channels_last or contiguous, whichever is faster here. Or, where the job says `compiled`, by
torch.compile on channels_last, with weights frozen in inference.
"""

import json
import os
import resource
import statistics
import sys
import time

JOB = json.loads(sys.argv[1])
# OpenBLAS, which takes some convolutions of one image, reads its number of threads when it is loaded.
for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ[name] = str(JOB["threads"])
# Compile in this process: workers of a pool would outlive it, as it ends by a signal.
os.environ["TORCHINDUCTOR_COMPILE_THREADS"] = "1"

import torch
import torch.nn.functional as F

REPLIES = os.fdopen(3, "w", buffering=1)
FIRST_STEPS = 3
TRIALS = 3


def reply(**message):
    REPLIES.write(json.dumps(message) + "\n")
    REPLIES.flush()


def read_safetensors(path):
    types = {"F32": torch.float32, "I32": torch.int32}
    with open(path, "rb") as file:
        size = int.from_bytes(file.read(8), "little")
        header = json.loads(file.read(size))
        metadata = header.pop("__metadata__", {})
        tensors = {}
        for name, entry in header.items():
            begin, end = entry["data_offsets"]
            file.seek(8 + size + begin)
            values = torch.frombuffer(bytearray(file.read(end - begin)), dtype=types[entry["dtype"]])
            tensors[name] = values.reshape(entry["shape"])
    return tensors, metadata


def two_sided(padding):
    """Height and width, where both sides are padded alike, as they are in every pooling here."""
    top, right, bottom, left = padding
    assert top == bottom and left == right, padding
    return top, left


class Net(torch.nn.Module):
    """A network of layers.ts, its weights in PyTorch's layouts."""

    def __init__(self, path, training):
        super().__init__()
        weights, metadata = read_safetensors(path)
        self.facts = json.loads(metadata["network"])
        self.layers = self.facts["layers"]
        for layer in self.layers:
            name = layer.get("weight")
            if layer["kind"] == "conv2d":
                weights[name] = weights[name].permute(3, 2, 0, 1).contiguous()
        moved = set(self.facts["parameters"])
        self.weights = {}
        for index, (name, weight) in enumerate(weights.items()):
            if name in moved:
                weight = torch.nn.Parameter(weight, requires_grad=training)
                self.register_parameter(f"parameter{index}", weight)
            else:
                self.register_buffer(f"buffer{index}", weight)
            self.weights[name] = weight

    def use(self, memory_format):
        with torch.no_grad():
            for tensor in self.weights.values():
                if tensor.dim() == 4:
                    tensor.data = tensor.data.contiguous(memory_format=memory_format)

    def forward(self, images):
        values = {self.facts["input"]: images}
        last_use = {name: i for i, layer in enumerate(self.layers) for name in layer["inputs"]}
        for index, layer in enumerate(self.layers):
            inputs = [values[name] for name in layer["inputs"]]
            result = self.run(layer, inputs)
            values[layer["output"]] = F.relu_(result) if layer["relu"] else result
            for name in layer["inputs"]:
                if last_use[name] == index:
                    values.pop(name, None)
        return values[self.facts["output"]]

    def run(self, layer, inputs):
        weights, kind, x = self.weights, layer["kind"], inputs[0]
        bias = weights[layer["bias"]] if "bias" in layer else None
        if kind == "conv2d":
            top, right, bottom, left = layer["padding"]
            if top != bottom or left != right:
                x, top, left = F.pad(x, (left, right, top, bottom)), 0, 0
            padding = (top, left)
            stride, dilation, groups = layer["stride"], layer["dilation"], layer["groups"]
            return F.conv2d(x, weights[layer["weight"]], bias, stride, padding, dilation, groups)
        if kind == "batchNorm":
            names = ("mean", "variance", "gamma", "beta")
            vectors = [weights[layer[name]] for name in names]
            return F.batch_norm(x, *vectors, layer["training"], layer["momentum"], layer["eps"])
        if kind == "linear":
            return F.linear(x, weights[layer["weight"]].t(), bias)
        if kind in ("maxPool2d", "avgPool2d"):
            pool = F.max_pool2d if kind == "maxPool2d" else F.avg_pool2d
            return pool(x, layer["kernelSize"], layer["stride"], two_sided(layer["padding"]))
        if kind == "subsamplePad":
            step = layer["stride"]
            sides = (0, 0, 0, 0, layer["before"], layer["after"])
            return F.pad(x[:, :, ::step, ::step], sides)
        if kind == "add":
            return inputs[0] + inputs[1]
        if kind == "relu":
            return F.relu(x)
        if kind == "relu6":
            return F.relu6(x)
        if kind == "silu":
            return F.silu(x)
        if kind == "gelu":
            return F.gelu(x)
        if kind == "sigmoid":
            return torch.sigmoid(x)
        if kind == "multiply":
            if "factor" not in layer:
                return inputs[0] * inputs[1]
            factor = weights[layer["factor"]]
            return x * (factor.view(1, -1, 1, 1) if len(layer["shape"]) == 4 else factor)
        if kind == "layerNorm":
            vectors = [weights[layer[name]] for name in ("gamma", "beta")]
            norm = lambda last: F.layer_norm(last, layer["shape"][-1:], *vectors, layer["eps"])
            return norm(x.permute(0, 2, 3, 1)).permute(0, 3, 1, 2) if len(layer["shape"]) == 4 else norm(x)
        if kind == "reshape":
            n, h, w, c = layer["shape"]
            return x.reshape(n, c, h, w)
        if kind == "resize":
            return F.interpolate(x, layer["shape"][1:3], mode="nearest")
        if kind == "concat":
            return torch.cat(inputs, 1)
        if kind == "globalAvgPool2d":
            return F.adaptive_avg_pool2d(x, 1).flatten(1)
        if kind == "flatten":
            # The weights behind it want the channels of a pixel together.
            return x.permute(0, 2, 3, 1).flatten(1)
        raise ValueError(f"no layer {kind}")


def channels_last(logits):
    """The numbers of an output in the order of this project."""
    return (logits.permute(0, 2, 3, 1) if logits.dim() == 4 else logits).reshape(-1)


def deviation(found, expected):
    return float((found - expected).abs().max() / expected.abs().max())


def make_run(job, net, images, labels):
    if job["pass"] == "infer":

        def infer():
            with torch.inference_mode():
                return net.forward(images)

        return infer
    loss_of = lambda given: F.cross_entropy(net.forward(given), labels)
    return make_step(net, images, loss_of)


def make_step(net, images, loss_of):
    optimizer = torch.optim.SGD(net.parameters(), lr=0.01, momentum=0.9)

    def step():
        optimizer.zero_grad(set_to_none=True)
        loss = loss_of(images)
        loss.backward()
        optimizer.step()
        return loss.item()

    return step


def make_compiled_run(job, net, images, labels):
    """Like make_run, by torch.compile; the first run compiles."""
    if not hasattr(torch, "compile"):
        raise RuntimeError(f"torch.compile came with PyTorch 2, this is {torch.__version__}")
    from torch._inductor import config as inductor

    net.use(torch.channels_last)
    images = images.contiguous(memory_format=torch.channels_last)
    # Straight-line code, so that calls need not look at the description of every layer again.
    traced = torch.fx.symbolic_trace(net)
    if job["pass"] == "infer":
        inductor.freezing = True
        forward = torch.compile(traced.eval())

        def infer():
            with torch.no_grad():
                return forward(images)

        return infer
    loss_of = torch.compile(lambda given: F.cross_entropy(traced(given), labels))
    return make_step(net, images, loss_of)


def timed(run):
    start = time.perf_counter()
    run()
    return (time.perf_counter() - start) * 1000


def visit(run, visit_ms):
    warm = timed(run)
    if warm >= visit_ms:
        return [warm]
    end = time.perf_counter() + visit_ms / 1000
    times = [timed(run)]
    while time.perf_counter() < end:
        times.append(timed(run))
    return times


def faster_format(net, examples, run_of):
    formats = {"contiguous": torch.contiguous_format, "channels_last": torch.channels_last}
    best = {}
    for name, memory_format in formats.items():
        net.use(memory_format)
        run = run_of(examples.contiguous(memory_format=memory_format))
        timed(run)
        best[name] = (statistics.median(timed(run) for _ in range(TRIALS)), run)
    chosen = min(best, key=lambda name: best[name][0])
    net.use(formats[chosen])
    return chosen, best[chosen][1]


def main(job):
    torch.set_num_threads(job["threads"])
    torch.manual_seed(0)
    training = job["pass"] == "train"
    example, _ = read_safetensors(os.path.join(job["files"], "example.safetensors"))
    net = Net(os.path.join(job["files"], "network.safetensors"), training)
    images = example["images"].permute(0, 3, 1, 2).contiguous()
    labels = example["labels"].long()
    compiled = job.get("compiled", False)
    run_of = lambda given: make_run(job, net, given, labels)
    run = make_compiled_run(job, net, images, labels) if compiled else run_of(images)
    start = time.perf_counter()
    first = run()
    first_ms = (time.perf_counter() - start) * 1000
    reply(kind="first")
    losses = [first] + [run() for _ in range(FIRST_STEPS - 1)] if training else []
    difference = 0.0 if training else deviation(channels_last(first), example["logits"])
    if compiled:
        facts = "channels_last" if training else "channels_last, frozen"
    else:
        facts, run = faster_format(net, images, run_of)
    about = {"version": torch.__version__, "facts": facts, "firstRunMs": first_ms}
    reply(kind="ready", **about, deviation=difference, losses=losses)
    for line in sys.stdin:
        request = json.loads(line)
        if request["kind"] == "visit":
            reply(kind="visited", ms=visit(run, request["visitMs"]))
        else:
            reply(kind="memory", peakBytes=peak_memory())


def peak_memory():
    """The most memory of this process in bytes; Linux's ru_maxrss begins with that of the process that started it."""
    try:
        with open("/proc/self/status") as status:
            return next(int(line.split()[1]) * 1024 for line in status if line.startswith("VmHWM"))
    except (OSError, StopIteration):
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024


try:
    main(JOB)
except Exception as error:
    reply(kind="failed", reason=f"{type(error).__name__}: {error}".splitlines()[0])
    sys.exit(1)

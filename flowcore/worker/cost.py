"""What a layer costs a sample: multiply-adds of one forward pass, and bytes of what it hands on.

A multiply-add is one use of one weight, or one term of a product of two tensors; what works element by
element (activations, normalization, pooling) is left out. So count the papers of MobileNet, 569 million
at 224 x 224 (arXiv:1704.04861, table 8), and MobileNetV2, 300 million (arXiv:1801.04381, table 4).
Places that a padded window sees beyond the edge count as others do. Where a size is open, nothing can be
said: None. Shapes have the batch axis first, as everywhere.
"""

from collections.abc import Callable
from typing import Any, Final

from flowcore.worker.calls import Call, innermost_on, recorded
from flowcore.worker.locate import locate
from flowcore.worker.sizes import Count, OpenSizeError, Shape, product, shape_of, size, total, volume


def multiply_adds(operation: Any, inputs: list[Any], outputs: list[Any]) -> Count:
    """Of one call of a layer, a model or an operation, from its tensors; None where a size is open."""
    count = next((_TABLE[cls.__name__] for cls in type(operation).__mro__ if cls.__name__ in _TABLE), None)
    if count is None or not inputs or not outputs:
        return 0
    try:
        return count(operation, [shape_of(item) for item in inputs], [shape_of(item) for item in outputs])
    except OpenSizeError:
        return None


def of_call(node: Any) -> Count:
    """Multiply-adds of a call that Keras has recorded."""
    return multiply_adds(node.operation, node.input_tensors, node.output_tensors)


def turns(node: Any) -> Count:
    """How often the loop of a recurrent layer turns in a recorded call; None where that is open."""
    operation = node.operation
    loops = 2 if hasattr(operation, "backward_layer") else int(hasattr(operation, "cell"))
    steps: Count = shape_of(node.input_tensors[0])[1] if loops else 0
    return None if steps is None else loops * steps


def _spatial(layer: Any, shape: Shape) -> int:
    """The places of an image or a sequence: all axes but batch and channels."""
    first = getattr(layer, "data_format", "channels_last") == "channels_first"
    return product(shape[2:] if first else shape[1:-1])


def _dense(layer: Any, inputs: list[Shape], outputs: list[Shape]) -> int:
    return volume(outputs[0]) * product(inputs[0][-1:])


def _einsum_dense(layer: Any, inputs: list[Shape], outputs: list[Shape]) -> int:
    """Every output needs a sum over the axes that the kernel shares with the input alone."""
    _, right = layer.equation.split("->")
    kernel = layer.equation.partition("->")[0].partition(",")[2]
    summed = [n for name, n in zip(kernel, layer.kernel.shape, strict=True) if name not in right]
    return volume(outputs[0]) * product(summed)


def _convolution(layer: Any, inputs: list[Shape], outputs: list[Shape]) -> int:
    """Each kernel weight is used once at every place of the output."""
    return _spatial(layer, outputs[0]) * product(layer.kernel.shape)


def _transposed(layer: Any, inputs: list[Shape], outputs: list[Shape]) -> int:
    """Each kernel weight is used once at every place of the input."""
    return _spatial(layer, inputs[0]) * product(layer.kernel.shape)


def _separable(layer: Any, inputs: list[Shape], outputs: list[Shape]) -> int:
    kernels = product(layer.depthwise_kernel.shape) + product(layer.pointwise_kernel.shape)
    return _spatial(layer, outputs[0]) * kernels


def _recurrent(layer: Any, inputs: list[Shape], outputs: list[Shape]) -> int:
    """Each kernel weight is used once a step, of a convolutional cell once a step and place."""
    cells = getattr(layer.cell, "cells", [layer.cell])
    kernels = size(
        weight for cell in cells for weight in cell.weights if "kernel" in weight.path.rpartition("/")[2]
    )
    convolves = hasattr(layer.cell, "kernel_size")
    places = _spatial(layer, (inputs[0][0], *outputs[0][-len(inputs[0]) + 2 :])) if convolves else 1
    return product(inputs[0][1:2]) * places * kernels


def _bidirectional(layer: Any, inputs: list[Shape], outputs: list[Shape]) -> int:
    half = outputs[0]
    return sum(_recurrent(one, inputs, [half]) for one in (layer.forward_layer, layer.backward_layer))


def _wrapped(layer: Any, inputs: list[Shape], outputs: list[Shape]) -> int:
    """The inner layer once at every step."""
    inside, step = _Shaped(_without_time(outputs[0])), _Shaped(_without_time(inputs[0]))
    found = multiply_adds(layer.layer, [step], [inside])
    if found is None:
        raise OpenSizeError
    return found * product(inputs[0][1:2])


def _normalized(layer: Any, inputs: list[Shape], outputs: list[Shape]) -> int:
    """The inner layer, whose weights are made smaller first."""
    found = multiply_adds(layer.layer, [_Shaped(inputs[0])], [_Shaped(outputs[0])])
    if found is None:
        raise OpenSizeError
    return found


def _heads(layer: Any, inputs: list[Shape], outputs: list[Shape]) -> int:
    """Projections of query, key, value and result, then scores and their weighted sum for every head.

    A place of the query is compared with those of the value along the axes of attention.
    """
    query, value = inputs[0], inputs[1] if len(inputs) > 1 else inputs[0]
    asked, held = product(query[1:-1]), product(value[1:-1])
    projected = asked * (size([layer._query_dense.kernel]) + size([layer._output_dense.kernel]))
    projected += held * (size([layer._key_dense.kernel]) + size([layer._value_dense.kernel]))
    count = getattr(layer, "num_heads", None) or layer.num_query_heads
    keys = getattr(layer, "key_dim", None) or layer.head_dim
    values = getattr(layer, "value_dim", None) or keys
    axes = getattr(layer, "_attention_axes", None) or range(1, len(value) - 1)
    compared = product(value[axis] for axis in axes)
    return projected + asked * compared * int(count) * int(keys + values)


def _attention(layer: Any, inputs: list[Shape], outputs: list[Shape]) -> int:
    """A score for every pair of query and key, and the weighted sum of values."""
    query, value = inputs[0], inputs[1]
    key = inputs[2] if len(inputs) > 2 else value
    return product((query[1], value[1])) * (product(key[-1:]) + product(value[-1:]))


def _scaled(operation: Any, inputs: list[Shape], outputs: list[Shape]) -> int:
    """As `_attention`, for every head on the axis before the last."""
    query, key, value = inputs[:3]
    return product(query[1:3]) * product(key[1:2]) * (product(key[-1:]) + product(value[-1:]))


def _matmul(operation: Any, inputs: list[Shape], outputs: list[Shape]) -> int:
    return volume(outputs[0]) * product(inputs[0][-1:])


def _dot(layer: Any, inputs: list[Shape], outputs: list[Shape]) -> int:
    axes = getattr(layer, "axes", -1)
    axis = axes if isinstance(axes, int) else axes[0]
    return volume(outputs[0]) * product((inputs[0][axis],))


def _tensordot(operation: Any, inputs: list[Shape], outputs: list[Shape]) -> int:
    """Every output needs a sum over the axes that are named, or over so many of the last ones."""
    left, axes = inputs[0], operation.axes
    summed = left[len(left) - axes :] if isinstance(axes, int) else [left[axis] for axis in axes[0]]
    return volume(outputs[0]) * product(summed)


def _einsum(operation: Any, inputs: list[Shape], outputs: list[Shape]) -> int:
    """The product of all axes that are named, but the first, which is that of samples."""
    left, _, right = operation.subscripts.replace(" ", "").partition("->")
    if "." in left:
        raise OpenSizeError
    sizes = {
        name: n
        for names, shape in zip(left.split(","), inputs, strict=False)
        for name, n in zip(names, shape, strict=False)
    }
    return product(n for name, n in sizes.items() if name != right[:1])


def _model(model: Any, inputs: list[Shape], outputs: list[Shape]) -> int:
    """The sum of its layers, each as often as it is called; where it leaves sizes open, on what comes in."""
    found = total(map(of_call, recorded(model)))
    if found is None:
        found = total(map(of_call, _calls_on(model, inputs)))
    if found is None:
        raise OpenSizeError
    return found


def _calls_on(model: Any, inputs: list[Shape]) -> list[Call]:
    """Raises OpenSizeError where they tell no more than its own inputs do."""
    own = model.inputs
    if len(own) != len(inputs) or [shape_of(tensor) for tensor in own] == inputs:
        raise OpenSizeError
    try:
        symbol = locate("keras").KerasTensor
        return innermost_on(
            model, [symbol(shape, tensor.dtype) for shape, tensor in zip(inputs, own, strict=True)]
        )
    except Exception:  # a layer may raise anything; it has been called on these shapes before
        raise OpenSizeError from None


class _Shaped:
    """Stands for a tensor of which the shape alone is asked."""

    def __init__(self, shape: Shape) -> None:
        self.shape = shape


def _without_time(shape: Shape) -> Shape:
    return (shape[0], *shape[2:])


_Rule = Callable[[Any, list[Shape], list[Shape]], int]
_TABLE: Final[dict[str, _Rule]] = {
    "Dense": _dense,
    "EinsumDense": _einsum_dense,
    **dict.fromkeys(("BaseConv", "BaseDepthwiseConv"), _convolution),
    "BaseConvTranspose": _transposed,
    "BaseSeparableConv": _separable,
    "RNN": _recurrent,
    "Bidirectional": _bidirectional,
    "TimeDistributed": _wrapped,
    "SpectralNormalization": _normalized,
    **dict.fromkeys(("MultiHeadAttention", "GroupedQueryAttention"), _heads),
    **dict.fromkeys(("Attention", "AdditiveAttention"), _attention),
    "DotProductAttention": _scaled,
    "Matmul": _matmul,
    "Tensordot": _tensordot,
    "Dot": _dot,
    "Einsum": _einsum,
    "Model": _model,
}

"""Models as plain data: what a worker builds from a specification, and what the judge knows about it without torch.

A specification is {"root": node, "ties": [[name, name], ...], "frozen": [name, ...]}; what a model has gone through may stand
beside: "dtype", "device", "flat" (all parameters are views of one tensor), "evaluated": [modules in evaluation mode],
"with_gradient": [name, ...]. A node is one of
  {"kind": "Linear", "args": [3, 4], "kwargs": {"bias": false}}   a layer of torch.nn
  {"kind": "Parameter", "args": [shape]}                           a parameter that belongs to the block itself
  {"kind": "ParameterList", "args": [shape, ...]}                  "ParameterDict" likewise, of pairs [name, shape]
  {"kind": "Block", "parts": [[name, node], ...]}                  a module with named parts; "Sequential" likewise
A block may name its "class"; a parameter may be "marked": of a class of its own.
A tie makes the second name another name of the first parameter.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

Node = dict[str, Any]
RECURRENT = {"RNN": 1, "GRU": 3, "LSTM": 4}
"""How many matrices stand on top of each other."""
NORMS = ("LayerNorm", "RMSNorm", "GroupNorm", "BatchNorm1d")


@dataclass(frozen=True)
class Record:
    """One parameter. names: all it has, the first as named_parameters() gives it. owners: the kinds of their layers."""

    names: tuple[str, ...]
    shape: tuple[int, ...]
    owners: tuple[str, ...]
    trainable: bool = True

    @property
    def owner(self) -> str:
        """The kind of the layer that has it under its first name."""
        return self.owners[0]

    @property
    def name(self) -> str:
        """Its first name."""
        return self.names[0]

    @property
    def tied(self) -> bool:
        """Whether two modules share it."""
        return len(self.names) > 1


def records(spec: dict[str, Any]) -> list[Record]:
    """The parameters of a model, each once, in the order of named_parameters()."""
    found = {record.name: record for record in _walk("", spec["root"])}
    for first, second in spec.get("ties", []):
        order = list(found)
        first, second = sorted((first, second), key=order.index)
        one, two = found[first], found.pop(second)
        found[first] = replace(one, names=(*one.names, *two.names), owners=(*one.owners, *two.owners))
    frozen = set(spec.get("frozen", []))
    return [replace(record, trainable=not frozen & set(record.names)) for record in found.values()]


def _walk(prefix: str, node: Node) -> Iterator[Record]:
    """A module's own parameters come before those of its parts."""
    if node["kind"] not in ("Block", "Sequential"):
        for name, shape in _own(node):
            yield Record((prefix + name,), tuple(shape), (node["kind"],))
        return
    for name, part in node["parts"]:
        if part["kind"] == "Parameter":
            yield Record((prefix + name,), tuple(part["args"][0]), ("Parameter",))
    for name, part in node["parts"]:
        if part["kind"] != "Parameter":
            yield from _walk(f"{prefix}{name}.", part)


def _own(node: Node) -> list[tuple[str, list[int]]]:
    """Name and shape of a layer's parameters."""
    kind, args, bias = node["kind"], node.get("args", []), node.get("kwargs", {}).get("bias", True)
    if kind == "ParameterList":
        return [(str(number), shape) for number, shape in enumerate(args)]
    if kind == "ParameterDict":
        return [(name, shape) for name, shape in args]
    if kind == "PReLU":
        return [("weight", [args[0]])]
    if kind in RECURRENT:
        inputs, width = args
        rows = RECURRENT[kind] * width
        weights = [("weight_ih_l0", [rows, inputs]), ("weight_hh_l0", [rows, width])]
        return [*weights, ("bias_ih_l0", [rows]), ("bias_hh_l0", [rows])]
    if kind == "Embedding":
        return [("weight", [args[0], args[1]])]
    if kind == "RMSNorm":
        return [("weight", [args[0]])]
    if kind in NORMS:
        shape = args[-1] if isinstance(args[-1], list) else [args[-1]]
        return [("weight", shape), ("bias", shape)]
    if kind == "MultiheadAttention":
        width = args[0]
        own = [("in_proj_weight", [3 * width, width]), ("in_proj_bias", [3 * width])]
        return [*own, ("out_proj.weight", [width, width]), ("out_proj.bias", [width])]
    weight = {
        "Linear": lambda: [args[1], args[0]],
        "Conv1d": lambda: [args[1], args[0], args[2]],
        "Conv2d": lambda: [args[1], args[0], args[2], args[2]],
        "Conv3d": lambda: [args[1], args[0], args[2], args[2], args[2]],
        "ConvTranspose2d": lambda: [args[0], args[1], args[2], args[2]],
        "Bilinear": lambda: [args[2], args[0], args[1]],
    }[kind]()
    outputs = args[2] if kind == "Bilinear" else args[1]
    return [("weight", weight), *([("bias", [outputs])] if bias else [])]

"""What a function could change of a model that it should only look at."""

from __future__ import annotations

from typing import Any

import torch
from torch import nn

from autograder.worker.codes import AS_IT_WAS, ATTRIBUTES, GRADIENTS, MEMORY, MODES, PARAMETERS


class ModelState:
    """As it is when this is made."""

    def __init__(self, model: nn.Module):
        self.model, self.params = model, list(model.parameters())
        self.modes, self.attributes, self.memory = _modes(model), _attributes(model), _memory(self.params)
        self.trained = [param.requires_grad for param in self.params]
        self.values = _values(self.params)
        self.grads = [param.grad for param in self.params]
        self.grad_values = _values(self.grads)

    def change(self) -> float:
        """AS_IT_WAS, or what is another now."""
        params = list(self.model.parameters())
        if len(params) != len(self.params) or any(one is not two for one, two in zip(params, self.params, strict=True)):
            return PARAMETERS
        if self.memory != _memory(params):
            return MEMORY
        if self.trained != [param.requires_grad for param in params] or not _equal(self.values, params):
            return PARAMETERS
        if self.modes != _modes(self.model):
            return MODES
        grads = [param.grad for param in params]
        if any(one is not two for one, two in zip(grads, self.grads, strict=True)) or not _equal(
            self.grad_values, grads
        ):
            return GRADIENTS
        return AS_IT_WAS if self.attributes == _attributes(self.model) else ATTRIBUTES


def _modes(model: nn.Module) -> list[bool]:
    return [module.training for module in model.modules()]


def _attributes(model: nn.Module) -> list[Any]:
    """Names of all attributes, and how many things are in those that hold several, such as hooks."""
    modules = [[(name, _size(value)) for name, value in vars(module).items()] for module in model.modules()]
    params = [(list(vars(param)), _size(param._backward_hooks)) for param in model.parameters()]
    return [modules, params]


def _size(value: Any) -> int:
    return len(value) if isinstance(value, dict | list | set) else 0


def _memory(params: list[Any]) -> list[Any]:
    return [(param.dtype, param.device, param.stride(), param.data_ptr()) for param in params]


def _values(tensors: list[Any]) -> list[Any]:
    return [None if one is None or one.is_meta else one.detach().clone() for one in tensors]


def _equal(values: list[Any], tensors: list[Any]) -> bool:
    return all(
        value is None or (one is not None and torch.equal(value, one))
        for value, one in zip(values, tensors, strict=True)
    )

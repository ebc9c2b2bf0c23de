"""What an attack is: a submission that tries something, on top of an SGD that does nothing and deserves nothing."""

from __future__ import annotations

import textwrap
from dataclasses import dataclass

MODULE = "course_lib/optim/sgd.py"
PROGRAM = """
import torch
from torch.optim import Optimizer


def loot(found):
    raise RuntimeError("LOOT " + str(found)[:200])

{at_import}

class SGD(Optimizer):
    def __init__(self, params, lr, weight_decay=0.0):
        super().__init__(params, dict(lr=lr, weight_decay=weight_decay))

    def step(self, closure=None):
{in_step}
        return None
"""


@dataclass(frozen=True)
class Attack:
    """A named attack. tries: what would be won. code: Python, run as the module is imported, or in every step.

    An attack that gets hold of something it must not have calls loot(it), which shows in the judge's message.
    Words in braces are filled in: {secret} a file that everybody may read, {port} a port that listens, {folder} a
    folder that everybody may write to.
    """

    name: str
    tries: str
    code: str
    in_step: bool = False

    def program(self, **places: object) -> str:
        """The module that is handed in."""
        code = textwrap.dedent(self.code).strip()
        for name, value in places.items():
            code = code.replace("{" + name + "}", str(value))
        inside = textwrap.indent(code, " " * 8) if self.in_step else ""
        return PROGRAM.replace("{at_import}", "" if self.in_step else code).replace("{in_step}", inside)

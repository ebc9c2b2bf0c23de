"""The master-weights oracle against torch.optim.SGD on float32 copies, rounded by torch's casts."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from autograder.banks.master_weights import TASK
from autograder.judge.variants import CANONICAL
from autograder.oracles.master_weights import MasterWeightsRun

DTYPES = {"bfloat16": torch.bfloat16, "float16": torch.float16, "float32": torch.float32}


@pytest.mark.parametrize("seed", range(40))
def test_model_weights_are_the_rounded_weights_of_a_float32_run(seed: int) -> None:
    for scenario in TASK.scenarios(seed):
        program = scenario.program
        if any(event[0] in ("reload", "restore") for event in program["events"]):
            continue
        run = MasterWeightsRun(CANONICAL, scenario)
        run.build()
        shapes = program["shapes"]
        dtypes = [DTYPES[name] for name in program.get("formats", [program["format"]] * len(shapes))]
        starts = [torch.tensor(v).reshape(s) for v, s in zip(program["init"], shapes, strict=True)]
        masters = [start.to(dtype).float() for start, dtype in zip(starts, dtypes, strict=True)]
        hyper = dict(program["make"]["args"][1]["make_sgd"])
        hyper.pop("last_first", None)
        first = {"lr": hyper.pop("first_lr", hyper["lr"])}
        optimizer = torch.optim.SGD([{"params": masters[:1], **first}, {"params": masters[1:]}], **hyper)
        for event in program["events"]:
            run._do(event)
            if event[0] == "backward":
                for master, values, shape in zip(masters, event[1], shapes, strict=True):
                    new = None if values is None else torch.tensor(values, dtype=torch.float32).reshape(shape)
                    master.grad = new if master.grad is None or new is None else master.grad + new
            elif event[1] == "step":
                optimizer.step()
                optimizer.zero_grad()
            for mine, master, dtype in zip(run.params, masters, dtypes, strict=True):
                np.testing.assert_array_equal(mine, master.to(dtype).double().numpy())

"""Programs for the task `momentum`: what goes wrong in them; the right ones stand in _momentum_right.py."""

from tests.bank import _edits
from tests.bank._momentum_right import BASE, RIGHT

__all__ = ["BASE", "CANCEL", "RIGHT", "WRONG"]

_BUF = "b = mu * old + g\n"
_LOOK = "look = g + mu * b\n"
_USE = "d = look if nesterov else b\n"
_KEEP = 'state["buffer"] = b\n'
_STEP = "p.sub_(lr * d)\n"
_G = "g = p.grad + wd * p\n"
_T = "state['t'] = state.get('t', 0) + 1; "

WRONG = {
    "no-memory": [(_USE, "d = g\n")],
    "weights-swapped": [(_BUF, "b = (1 - mu) * old + mu * g\n")],
    "one-minus-momentum": [(_BUF, "b = (1 - mu) * old + g\n")],
    "momentum-on-the-gradient-too": [(_BUF, "b = mu * (old + g)\n")],
    "buffer-is-a-sum": [(_BUF, "b = old + g\n")],
    "momentum-only-in-the-step": [(_BUF, "b = old + g\n"), (_USE, "d = mu * b\n")],
    "buffer-stays-at-zero": [(_BUF, "b = old\n")],
    "old-buffer-used": [(_LOOK, "look = g + mu * old\n"), (_USE, "d = look if nesterov else old\n")],
    "buffer-without-momentum-added": [(_USE, "d = look if nesterov else g + old\n")],
    "momentum-brakes": [(_BUF, "b = g - mu * old\n")],
    "momentum-on-the-step": [(_USE, "d = mu * (look if nesterov else b)\n")],
    "step-scaled": [(_STEP, "p.sub_(lr * (1 - mu) * d)\n")],
    "first-gradient-twice": [('state["buffer"] = torch.zeros_like(p)', 'state["buffer"] = g.clone()')],
    "first-gradient-lost": [
        (
            'state["buffer"] = torch.zeros_like(p)\n',
            'state["buffer"] = torch.zeros_like(p)\n                    continue\n',
        )
    ],
    "first-gradient-not-kept": [
        (_KEEP, "state['buffer'] = b if 'seen' in state else torch.zeros_like(p); state['seen'] = True\n")
    ],
    "bias-corrected": [
        ("state = self.state[p]\n", "state = self.state[p]; " + _T + "\n"),
        (_STEP, "p.sub_(lr * d / (1 - mu ** state['t']))\n"),
    ],
    "buffer-clipped": [(_BUF, "b = mu * old + g; b = b / max(1.0, b.norm().item())\n")],
    "buffer-of-updates": [(_BUF, "b = mu * old + lr * g\n"), (_LOOK, "look = lr * g + mu * b\n")],
    "restarts-at-new-lr": [
        (_BUF, "b = (mu * old if state.get('rate') == lr else 0) + g; state['rate'] = lr\n"),
    ],
    "nesterov-ignored": [(_USE, "d = b\n")],
    "nesterov-always": [(_USE, "d = look\n")],
    "nesterov-inverted": [(_USE, "d = b if nesterov else look\n")],
    "nesterov-without-momentum": [(_LOOK, "look = g + b\n")],
    "nesterov-without-gradient": [(_LOOK, "look = mu * b\n")],
    "nesterov-from-buffer": [(_LOOK, "look = b + mu * b\n")],
    "nesterov-swapped": [(_LOOK, "look = b + mu * g\n")],
    "nesterov-average": [(_LOOK, "look = (1 - mu) * g + mu * b\n")],
    "nesterov-unscaled-gradient": _edits.edited(BASE, [(_BUF, "b = mu * old + (1 - mu) * g\n")]),
    "nesterov-stored": [(_KEEP, "state['buffer'] = d\n")],
    "nesterov-from-the-second-step": [(_USE, _T + "d = look if nesterov and state['t'] > 1 else b\n")],
    "nesterov-twice": [(_LOOK, "look = g + mu * (g + mu * b)\n")],
    "nesterov-undecayed": [(_LOOK, "look = p.grad + mu * b\n")],
    "decay-enters-buffer-late": [
        (_G, "g = p.grad\n"),
        ("                # next parameter", "                state['buffer'] = state['buffer'] + wd * p"),
    ],
    "momentum-default": [("momentum=0.9,", "momentum=0.0,")],
    "nesterov-default": [("nesterov=False,", "nesterov=True,")],
    **_edits.step_mistakes(_STEP, "d"),
    **_edits.decay_mistakes(_G),
    **_edits.values_of_others({"momentum": 'mu = group["momentum"]\n', "weight_decay": 'wd = group["weight_decay"]\n'}),
    "first-groups-nesterov": [('nesterov = group["nesterov"]\n', 'nesterov = self.param_groups[0]["nesterov"]\n')],
    "momentum-default-higher": [("momentum=0.9,", "momentum=0.99,")],
    **_edits.missing_validation("lr", "momentum", "weight_decay"),
    **_edits.contract_mistakes(
        step="p.sub_(lr * d)",
        hyper={"momentum": "mu", "nesterov": "nesterov", "weight_decay": "wd"},
    ),
}

CANCEL = [{"buffer-of-updates", "no-lr"}]  # together the learning rate inside the velocity, a convention

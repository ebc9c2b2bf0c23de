"""What a student may reasonably use works at every level: the standard library, torch, numpy, threads."""

from __future__ import annotations

import pytest

from autograder.sandbox import Limits

LIMITS = Limits(cpu_seconds=20, wall_seconds=60)
LEVELS = ["trusted", "user", "full"]

PROGRAMS = {
    "standard_library": """
        import abc, array, bisect, collections, contextlib, copy, csv, dataclasses, datetime, decimal, enum, fractions
        import functools, hashlib, heapq, inspect, io, itertools, json, logging, math, cmath, numbers, operator, pickle
        import random, re, statistics, string, struct, textwrap, time, types, typing, uuid, warnings, weakref, zlib
        import bz2, lzma, base64, concurrent.futures, queue, threading, traceback, pprint, secrets, unittest.mock
        import pathlib, tempfile, os, sys, platform, argparse, asyncio, ctypes, doctest, timeit, cProfile, __future__
        hashlib.sha256(b'x').hexdigest(); decimal.Decimal(2).sqrt(); datetime.datetime.now(); random.random()
        time.perf_counter(); time.time(); platform.machine(); uuid.uuid4(); secrets.token_hex()
        """,
    "torch_modules": """
        import torch, torch.nn, torch.nn.functional, torch.optim, torch.optim.lr_scheduler, torch.utils.data, torch.func
        import torch.nn.utils, torch.nn.init, torch.linalg, torch.fft, torch.autograd, torch.distributed, torch.amp
        import torch.nn.utils.parametrizations, torch.special, torch.distributions, torch.optim.swa_utils
        import torch.utils.checkpoint, torch.cuda.amp
        """,
    "torch_optimizers": """
        import torch
        for name in ('SGD', 'Adam', 'AdamW', 'Adagrad', 'RMSprop', 'Adadelta', 'Adamax', 'NAdam', 'RAdam', 'ASGD',
                     'Rprop', 'LBFGS', 'Adafactor', 'Muon'):
            weight = torch.nn.Parameter(torch.randn(4, 4))
            optimizer = getattr(torch.optim, name)([weight])
            def closure():
                optimizer.zero_grad(); loss = weight.square().sum(); loss.backward(); return loss
            before = weight.detach().clone(); optimizer.step(closure)
            assert not torch.equal(before, weight), name
        """,
    "torch_linalg": """
        import torch
        a = torch.randn(40, 40, dtype=torch.float64); s = a @ a.T + torch.eye(40, dtype=torch.float64)
        torch.linalg.svd(a); torch.linalg.qr(a); torch.linalg.eigh(s); torch.linalg.eig(a); torch.linalg.inv(s)
        torch.linalg.cholesky(s); torch.linalg.solve(s, a); torch.linalg.lstsq(a, a); torch.linalg.matrix_norm(a, 2)
        torch.linalg.matrix_exp(a / 10); torch.linalg.pinv(a); torch.linalg.det(s); torch.fft.fft(a)
        torch.randn(300, 300) @ torch.randn(300, 300)
        torch.nn.functional.conv2d(torch.randn(1, 3, 8, 8), torch.randn(4, 3, 3, 3))
        torch.randn(8, 8).to(torch.bfloat16) @ torch.randn(8, 8).to(torch.bfloat16)
        """,
    "torch_func": """
        import torch
        from torch.func import grad, hessian, jacrev, jvp, vmap, functional_call
        f = lambda x: (x ** 3).sum()
        x = torch.randn(5); grad(f)(x); hessian(f)(x); jacrev(lambda y: y * y)(x); vmap(f)(torch.randn(3, 5))
        jvp(f, (x,), (x,)); model = torch.nn.Linear(5, 2); functional_call(model, dict(model.named_parameters()), (x,))
        """,
    "torch_training": """
        import torch, io
        model = torch.nn.Sequential(torch.nn.Embedding(10, 8), torch.nn.LayerNorm(8), torch.nn.Linear(8, 10))
        attention = torch.nn.MultiheadAttention(8, 2, batch_first=True)
        optimizer = torch.optim.AdamW([*model.parameters(), *attention.parameters()], foreach=True)
        schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, 5)
        with torch.autocast('cpu', dtype=torch.bfloat16):
            x = model[0](torch.randint(10, (2, 6))); x = attention(x, x, x)[0]; out = model[2](model[1](x))
        loss = torch.nn.functional.cross_entropy(out.float().flatten(0, 1), torch.randint(10, (12,)))
        loss.backward(); torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0); optimizer.step(); schedule.step()
        file = io.BytesIO(); torch.save(optimizer.state_dict(), file); file.seek(0); torch.load(file)
        for batch in torch.utils.data.DataLoader(torch.utils.data.TensorDataset(torch.randn(8, 2)), batch_size=4): pass
        torch._foreach_add_([torch.zeros(2)], [torch.ones(2)]); repr(model); str(loss)
        """,
    "numpy": """
        import numpy as np, numpy.linalg, numpy.random, numpy.fft, numpy.testing, numpy.polynomial
        a = np.random.default_rng(0).standard_normal((50, 50)); np.linalg.svd(a); np.linalg.eig(a); np.linalg.inv(a)
        np.fft.fft(a); a @ a; np.testing.assert_allclose(a, a); np.einsum('ij,jk', a, a)
        np.polyfit([1, 2, 3], [1, 4, 9], 2)
        """,
    "threads": """
        import threading, concurrent.futures, torch
        with concurrent.futures.ThreadPoolExecutor(4) as pool:
            assert sum(pool.map(lambda n: int((torch.ones(n) * 2).sum()), range(50))) == 2450
        torch.set_num_threads(2); torch.randn(2000, 200).exp().sum()
        """,
    "other_lazy_parts": """
        import torch
        from torch.utils._pytree import tree_map
        torch.set_printoptions(precision=3); print(torch.randn(100, 100))
        torch.testing.assert_close(torch.ones(2), torch.ones(2)); torch.nn.utils.parameters_to_vector([torch.ones(2)])
        torch.manual_seed(0); g = torch.Generator().manual_seed(1); torch.randperm(10, generator=g)
        torch.autograd.gradcheck(lambda x: x * x, torch.ones(2, dtype=torch.float64, requires_grad=True))
        with torch.no_grad(), torch.inference_mode(): torch.ones(1)
        import sympy, mpmath
        """,
}


@pytest.mark.parametrize("program", PROGRAMS)
@pytest.mark.parametrize("level", LEVELS)
def test_honest_code_works(level, program, at_level):
    lines = [line.removeprefix("        ") for line in PROGRAMS[program].splitlines()]
    source = "\n".join([*lines, "emit(b'12345678')"])
    outcome = at_level(level).run(source.encode(), 8, LIMITS)
    assert (outcome.ending, outcome.data) == ("ok", b"12345678"), outcome.log or outcome.detail


@pytest.mark.parametrize("level", LEVELS)
def test_every_level_gives_the_same_bytes(level, at_level):
    source = b"""
import torch
torch.manual_seed(0)
x = torch.randn(64, 64, dtype=torch.float64)
for _ in range(5):
    x = torch.linalg.qr(x @ x.T + torch.eye(64, dtype=torch.float64))[0] + torch.linalg.svdvals(x)
emit(x.numpy().tobytes())
"""
    size = 64 * 64 * 8
    here = at_level(level).run(source, size, LIMITS)
    assert here.ending == "ok", here.log
    assert here.data == at_level("trusted").run(source, size, LIMITS).data

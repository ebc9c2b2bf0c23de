"""Attacks on one's own marks: forged evidence, patched comparisons, stolen handles of the worker."""

from tests.attacks.attack import Attack

RIGHT_NUMBERS = """
    import sys
    frame = sys._getframe()
    while frame is not None and "recorder" not in frame.f_locals:
        frame = frame.f_back
"""

ATTACKS = [
    Attack(
        "equality_always_true",
        "make every comparison of tensors and arrays come out equal",
        """
        import numpy
        torch.allclose = torch.equal = torch.isclose = lambda *a, **k: True
        numpy.allclose = numpy.array_equal = numpy.isclose = lambda *a, **k: True
        numpy.testing.assert_allclose = lambda *a, **k: None
        """,
    ),
    Attack(
        "asserts_silenced",
        "make failing tests pass: AssertionError that is no error, a pytest that fails nothing",
        """
        import builtins, sys, types
        builtins.AssertionError = type("Quiet", (BaseException,), {"__new__": lambda *a: None})
        sys.modules["pytest"] = types.SimpleNamespace(fail=lambda *a: None, raises=lambda *a: None)
        """,
    ),
    Attack(
        "verdict_printed",
        "have the judge read a verdict from standard output",
        """print('{"task": "sgd", "score": 12.0, "max_score": 12.0, "checks": []}')""",
    ),
    Attack(
        "protocol_spoken_on_stdout",
        "answer the judge's request before the judge does, on every descriptor",
        r"""
        import os
        for descriptor in range(3, 64):
            try:
                os.write(descriptor, b'{"task": "sgd", "score": 12.0, "max_score": 12.0, "misconceptions": []}\n')
            except OSError:
                pass
        os._exit(0)
        """,
    ),
    Attack(
        "zeros_forged",
        "send records of zeros that look complete, then leave",
        r"""
        import os
        os.write(4, bytes(10**6))
        os._exit(0)
        """,
    ),
    Attack(
        "nans_forged",
        "send NaN everywhere, which compares unlike anything and might pass a test written the wrong way round",
        r"""
        import os, struct
        os.write(4, struct.pack("<d", float("nan")) * 100_000)
        os._exit(0)
        """,
    ),
    Attack(
        "status_forged",
        "send records that say OK with statuses and error codes out of range",
        r"""
        import os, struct
        os.write(4, struct.pack("<d", 1e308) * 100_000)
        os._exit(0)
        """,
    ),
    Attack(
        "records_truncated",
        "end in the middle of a record, so that the judge reads the next one shifted",
        """
        import os
        os.write(4, bytes(1001))
        os._exit(0)
        """,
    ),
    Attack(
        "records_from_the_frame",
        "take emit from the harness's frame and send evidence of one's own",
        """
        import sys
        frame = sys._getframe()
        while frame is not None and "emit" not in frame.f_locals:
            frame = frame.f_back
        emit = frame.f_locals["emit"]
        for _ in range(1000):
            emit(bytes(4096))
        """,
    ),
    Attack(
        "recorder_filled",
        "write evidence straight into the worker's recorder",
        """
        import gc
        for thing in gc.get_objects():
            if type(thing).__name__ == "Recorder":
                thing.values[:] = 0.0
                thing.event = -1
        """,
        in_step=True,
    ),
    Attack(
        "harness_replaced",
        "replace the functions that play scenarios and build records",
        """
        import sys
        harness = sys.modules["autograder.worker.harness"]
        harness._record = harness._played = harness.run = lambda *a, **k: bytes(8)
        harness.Recorder.put = lambda *a: None
        """,
    ),
    Attack(
        "players_replaced",
        "put a player of one's own under the name that the harness imports",
        """
        import sys, types
        fake = types.ModuleType("optimizer")
        fake.play = lambda module, scenario, recorder: recorder.values.fill(0.0)
        sys.modules["autograder.worker.players.optimizer"] = fake
        """,
    ),
    Attack(
        "import_hook",
        "be asked for every later import, and answer with modules of one's own",
        """
        import sys, importlib.machinery
        class Mine:
            def find_spec(self, name, path=None, target=None):
                return importlib.machinery.ModuleSpec(name, self)
            def create_module(self, spec): return None
            def exec_module(self, module):
                module.play = lambda *a: None
        sys.meta_path.insert(0, Mine())
        for name in [name for name in sys.modules if name.startswith("autograder")]:
            del sys.modules[name]
        """,
    ),
    Attack(
        "torch_patched",
        "make tensors agree with everything: comparison, subtraction, conversion",
        """
        torch.Tensor.__eq__ = torch.Tensor.__le__ = lambda *a: True
        torch.Tensor.__sub__ = lambda self, other: self * 0
        torch.Tensor.numpy = lambda self, **k: __import__("numpy").zeros(1)
        """,
    ),
    Attack(
        "numpy_patched",
        "return made-up arrays where the worker turns parameters into numbers",
        """
        import numpy
        numpy.asarray = numpy.array = lambda *a, **k: numpy.zeros(1)
        """,
    ),
    Attack(
        "tensor_that_agrees",
        "replace parameters by objects that equal everything",
        """
        class Agreeable(float):
            __eq__ = __le__ = __ge__ = lambda *a: True
            __hash__ = float.__hash__
        for group in self.param_groups:
            group["params"] = [Agreeable() for _ in group["params"]]
        """,
        in_step=True,
    ),
    Attack(
        "hostile_pickle",
        "have the judge, or torch.load, unpickle an object that runs code",
        """
        import os
        class Bomb:
            def __reduce__(self):
                return (os._exit, (0,))
        self.state_dict = lambda: {"state": Bomb(), "param_groups": []}
        """,
        in_step=True,
    ),
    Attack(
        "exception_with_a_verdict",
        "raise an exception whose text is a passing result",
        """raise ValueError('passed {"verdict": "passed", "points": 12}')""",
        in_step=True,
    ),
    Attack(
        "exception_that_lies",
        "raise exceptions whose str, repr and class misbehave",
        """
        class Lie(Exception):
            __module__ = property(lambda self: 1 / 0)
            def __str__(self): raise SystemExit(0)
            def __repr__(self): raise SystemExit(0)
            @property
            def __class__(self): return ValueError
        raise Lie()
        """,
        in_step=True,
    ),
    Attack("exit_as_if_well", "end with status 0 before any check", "import os; os._exit(0)"),
    Attack("system_exit", "end the harness with SystemExit(0)", "raise SystemExit(0)", in_step=True),
    Attack(
        "keyboard_interrupt",
        "raise what harnesses often let through",
        "raise KeyboardInterrupt",
        in_step=True,
    ),
    Attack(
        "work_at_exit",
        "forge the result when the process ends, after the checks",
        """
        import atexit, os
        atexit.register(lambda: os.write(4, bytes(10**5)))
        """,
    ),
    Attack(
        "finalizer",
        "forge the result from __del__, while objects are torn down",
        """
        import os
        class Late:
            def __del__(self):
                os.write(4, bytes(10**5))
        self.late = Late()
        """,
        in_step=True,
    ),
    Attack(
        "thread_that_writes",
        "write to the result from a second thread while the harness writes",
        """
        import threading, os
        def write():
            while True:
                os.write(4, bytes(64))
        threading.Thread(target=write, daemon=True).start()
        """,
    ),
    Attack(
        "tracer",
        "watch every line of the harness with sys.settrace and change its variables",
        """
        import sys
        def trace(frame, event, argument):
            if "recorder" in frame.f_locals:
                frame.f_locals["recorder"].values[:] = 0.0
            return trace
        sys.settrace(trace)
        sys.setprofile(trace)
        """,
    ),
    Attack(
        "code_object_swapped",
        "exchange the bytecode of the harness's functions",
        """
        import sys
        harness = sys.modules["autograder.worker.harness"]
        def quiet(number, status, recorder, error): return bytes(8)
        harness._record.__code__ = quiet.__code__
        """,
    ),
    Attack(
        "points_in_metadata",
        "hand in attributes named as a result's: score, points, verdict",
        """
        score = max_score = points = 12.0
        verdict = "passed"
        __all__ = ["SGD", "score", "verdict"]
        """,
    ),
    Attack(
        "base_class_patched",
        "change torch's Optimizer for the honest submission that comes next",
        """
        Optimizer.step = Optimizer.zero_grad = Optimizer.__init__ = lambda *a, **k: None
        torch.optim.SGD = None
        """,
    ),
]

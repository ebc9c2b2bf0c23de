"""Attacks on the machine and on the others: bombs, floods, endless loops, signals, and outliving the worker."""

from tests.attacks.attack import Attack

ATTACKS = [
    Attack("fork_bomb", "fill the process table", "import os\nwhile True:\n    os.fork()"),
    Attack(
        "thread_bomb",
        "start threads until the machine stops",
        """
        import threading, time
        while True:
            threading.Thread(target=time.sleep, args=(100,)).start()
        """,
    ),
    Attack(
        "daemon",
        "outlive the worker in a session of one's own",
        """
        import os, time
        if os.fork() == 0:
            os.setsid()
            if os.fork() == 0:
                time.sleep(60)
            os._exit(0)
        """,
    ),
    Attack("subprocess", "start a program", "import subprocess; subprocess.run(['sleep', '60'])"),
    Attack(
        "posix_spawn", "start a program by another call", "import os; os.posix_spawn('/bin/sleep', ['sleep', '60'], {})"
    ),
    Attack("exec", "become another program", "import os; os.execv('/bin/sh', ['sh', '-c', 'sleep 60'])"),
    Attack(
        "clone_by_hand",
        "fork by a raw system call",
        "import ctypes; ctypes.CDLL(None).syscall(57) == 0 and __import__('time').sleep(60)",
    ),
    Attack("multiprocessing", "start a pool", "import multiprocessing; multiprocessing.Pool(4)"),
    Attack(
        "data_loader",
        "start torch's loader processes",
        "next(iter(torch.utils.data.DataLoader([1, 2], num_workers=2)))",
    ),
    Attack("kill_everything", "kill all processes", "import os; os.kill(-1, 9)"),
    Attack("kill_the_server", "kill the fork server", "import os; os.kill(os.getppid(), 9)"),
    Attack(
        "kill_by_pipe",
        "have the kernel send the server a signal when the pipe is ready",
        "import fcntl, os; fcntl.fcntl(1, fcntl.F_SETOWN, os.getppid()); fcntl.fcntl(1, fcntl.F_SETFL, os.O_ASYNC)",
    ),
    Attack("stop_oneself", "stop, and be waited for", "import os, signal; os.kill(os.getpid(), signal.SIGSTOP)"),
    Attack(
        "memory_flood",
        "take all memory in many small pieces",
        "pieces = []\nwhile True:\n    pieces.append(bytes(1_000_000))",
        in_step=True,
    ),
    Attack("memory_at_once", "take all memory in one tensor", "torch.ones(10**12)", in_step=True),
    Attack("memory_mapped", "map a terabyte", "import mmap; mmap.mmap(-1, 1 << 40)"),
    Attack(
        "disk_flood",
        "fill the disk",
        """
        import os
        for folder in (".", "/tmp", "/var/tmp", "/dev/shm", "{folder}"):
            try:
                with open(folder + "/flood", "wb") as out:
                    for _ in range(100):
                        out.write(bytes(1 << 20))
            except OSError:
                pass
        """,
    ),
    Attack("output_flood", "fill the log", "print('x' * 10**8)"),
    Attack(
        "result_flood",
        "fill the judge's memory over the result's pipe",
        "import os\nwhile True:\n    os.write(4, bytes(1 << 16))",
    ),
    Attack("message_flood", "make a message that fills the page", "raise ValueError('x' * 10**7)", in_step=True),
    Attack("descriptor_flood", "open files until there are none left", "import os\nwhile True:\n    os.dup(1)"),
    Attack("endless_loop", "never end", "while True:\n    pass", in_step=True),
    Attack("endless_loop_in_c", "never come back to the interpreter", "any(iter(int, 1))"),
    Attack("endless_regex", "never end inside one call", "import re; re.match('(a+)+$', 'a' * 60 + 'b')", in_step=True),
    Attack(
        "signals_ignored",
        "ignore every signal and never end",
        """
        import signal
        for number in signal.valid_signals():
            try:
                signal.signal(number, signal.SIG_IGN)
            except (OSError, ValueError):
                pass
        while True:
            pass
        """,
    ),
    Attack("sleep", "let the class wait", "import time; time.sleep(1000)", in_step=True),
    Attack(
        "sleep_by_lock", "wait for oneself", "import threading; lock = threading.Lock(); lock.acquire(); lock.acquire()"
    ),
    Attack("read_from_stdin", "wait for input that nobody gives", "input()"),
    Attack(
        "stack_overflow",
        "run over the C stack",
        """
        import sys
        sys.setrecursionlimit(10**9)
        class Deep:
            def __getattr__(self, name): return getattr(self, name + "x")
        Deep().x
        """,
    ),
    Attack("segmentation_fault", "crash the interpreter", "import ctypes; ctypes.string_at(0)"),
    Attack("illegal_instruction", "crash with a jump into nowhere", "import ctypes; ctypes.CFUNCTYPE(None)(8)()"),
    Attack("abort", "crash by an abort", "import os; os.abort()"),
    Attack(
        "limits_lifted",
        "give oneself more time",
        "import resource; resource.setrlimit(resource.RLIMIT_CPU, (10**6, 10**6))",
    ),
    Attack("nice", "go before everybody else", "import os; os.nice(-20)"),
    Attack(
        "affinity",
        "take all processors",
        "import os; os.sched_setaffinity(0, range(os.cpu_count()))\ntorch.set_num_threads(512)",
    ),
    Attack(
        "descriptors_closed",
        "close everything, the result included",
        "import os; os.closerange(0, 1024)",
    ),
    Attack(
        "garbage_collected",
        "touch every preloaded object, so that all shared pages are copied",
        "import gc; gc.unfreeze(); [gc.collect() for _ in range(3)]",
    ),
    Attack(
        "terminal_escapes",
        "write to the instructor's terminal: title, clipboard, colours",
        r"raise ValueError('\x1b]0;owned\x07\x1b[2J\x1b]52;c;b3duZWQ=\x07' + chr(0x9b) + '31m' + chr(0x202e))",
        in_step=True,
    ),
    Attack(
        "markup_in_messages",
        "have the browser run script from a message",
        "raise ValueError('<script>document.title=1</script><img src=x onerror=alert(1)>')",
        in_step=True,
    ),
    Attack(
        "source_bomb",
        "exhaust the parser",
        "x = " + "(" * 150 + ")" * 150 + "\ncompile('-' * 100_000 + '1', 'x', 'eval')",
    ),
    Attack("integer_bomb", "exhaust the processor in one expression", "9 ** 9 ** 9", in_step=True),
    Attack(
        "hash_bomb",
        "make a dict of colliding keys",
        "{hash_collision: 0 for hash_collision in [i * (2**61 - 1) for i in range(10**6)]}",
        in_step=True,
    ),
]

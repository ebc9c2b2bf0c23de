"""`sgd2muon doctor`: what this machine offers, and what is missing."""

from __future__ import annotations

import importlib.metadata
import json as json_module
import platform
import sys
from dataclasses import asdict, dataclass, field
from typing import Annotated, Any

import typer

_MINIMUM_TORCH = (2, 9)  # the first with torch.optim.Muon
_PACKAGES = ("numpy", "matplotlib", "jupyterlab", "ipywidgets", "nbgrader", "papermill")
_MEANINGS = {
    "trusted": "own process, limits; for code of your own",
    "user": "no files, no network, no processes; safe for strangers' code",
    "full": "user, and namespaces and a user id for each worker",
}


@dataclass
class Findings:
    """Everything that the doctor says, as plain data."""

    python: str
    machine: dict[str, Any]
    torch: dict[str, Any]
    packages: dict[str, str]
    levels: dict[str, dict[str, Any]]
    grading_level: str | None
    problems: list[str] = field(default_factory=list)
    advice: list[str] = field(default_factory=list)


def doctor(
    json: Annotated[bool, typer.Option("--json", help="print one JSON object instead of text")] = False,
) -> None:
    """Say what this machine offers, and what is missing. Exit status 1 when the course cannot run here."""
    findings = examine()
    if json:
        json_module.dump(asdict(findings), sys.stdout, ensure_ascii=False, indent=1)
        sys.stdout.write("\n")
    else:
        _print(findings)
    raise typer.Exit(1 if findings.problems else 0)


def examine() -> Findings:
    """Look at Python, torch and the other packages, and try every isolation level."""
    from autograder.sandbox.levels import probe
    from autograder.sandbox.machine import advice, this_machine
    from autograder.sandbox.outcome import LEVELS

    machine = this_machine()
    probes = [probe(level) for level in LEVELS]
    safe = [found.level for found in probes if found.works and found.level != "trusted"]
    torch = _torch()
    packages = {name: _version(name) for name in _PACKAGES}
    problems = [torch["problem"]] if torch["problem"] else []
    absent = [name for name, version in packages.items() if not version]
    if absent:
        problems.append(f"Not installed: {', '.join(absent)}. Run `pip install -e .` in the course's folder.")
    if not probes[0].works:
        problems.append(f"No code can be checked: {probes[0].missing}")
    return Findings(
        python=f"{platform.python_version()} ({sys.executable})",
        machine=asdict(machine),
        torch=torch,
        packages=packages,
        levels={
            found.level: {"works": found.works, "layers": list(found.layers), "missing": found.missing}
            for found in probes
        },
        grading_level=safe[-1] if safe else None,
        problems=problems,
        advice=advice(machine, probes),
    )


def _torch() -> dict[str, Any]:
    """Version, device and threads of torch, or what is wrong with it."""
    install = "Run `pip install -c constraints.txt -e .` in the course's folder."
    try:
        import torch
    except Exception as error:
        return {"version": None, "problem": f"torch cannot be imported ({error}). {install}"}
    device = "cuda" if torch.cuda.is_available() else "mps" if torch.backends.mps.is_available() else "cpu"
    if device == "cuda":
        device += f" ({torch.cuda.get_device_name()})"
    old = tuple(int(part) for part in torch.__version__.split(".")[:2]) < _MINIMUM_TORCH
    return {
        "version": torch.__version__,
        "device": device,
        "threads": torch.get_num_threads(),
        "problem": f"torch {torch.__version__} is older than 2.9, the first with Muon. {install}" if old else "",
    }


def _version(package: str) -> str:
    try:
        return importlib.metadata.version(package)
    except importlib.metadata.PackageNotFoundError:
        return ""


def _print(findings: Findings) -> None:
    from rich.console import Console
    from rich.markup import escape
    from rich.padding import Padding

    console = Console(highlight=False)
    console.print(_facts(findings))
    console.print(_levels(findings))
    used = findings.grading_level
    console.print(
        f"Checks of your own code run at level trusted; grading a class runs at level [bold]{used}[/bold]."
        if used
        else "Checks of your own code run at level trusted. [bold]There is no safe level to grade a class at.[/bold]"
    )
    for text in (*findings.problems, *findings.advice):
        console.print(Padding(escape(text), (1, 0, 0, 2)))


def _facts(findings: Findings) -> Any:
    from rich.markup import escape
    from rich.table import Table

    machine, torch = findings.machine, findings.torch
    surroundings = [
        words
        for words, true in (
            ("as root", machine["root"]),
            ("in a container", machine["container"]),
            ("in WSL", machine["wsl"]),
            ("in JupyterHub", machine["jupyterhub"]),
        )
        if true
    ]
    rows = {
        "system": ", ".join((f"{machine['system']} ({machine['version']})", *surroundings)),
        "processors, memory": f"{machine['processors']:g}, {machine['memory_bytes'] / 2**30:.0f} GiB",
        "Python": findings.python,
        "torch": f"{torch['version']}, on {torch['device']}, {torch['threads']} threads"
        if torch["version"]
        else "missing",
        "others": ", ".join(f"{name} {version or 'missing'}" for name, version in findings.packages.items()),
    }
    table = Table(show_header=False, box=None)
    for name, value in rows.items():
        table.add_row(f"[bold]{name}[/bold]", escape(value))
    return table


def _levels(findings: Findings) -> Any:
    from rich.markup import escape
    from rich.table import Table

    table = Table("level", "what it is", "here")
    for level, found in findings.levels.items():
        here = ", ".join(found["layers"]) if found["works"] else f"no: {found['missing']}"
        table.add_row(level, _MEANINGS[level], escape(here))
    return table

"""pyproject.toml, constraints.txt and environment.yml say the same."""

from __future__ import annotations

import re
import tomllib
from importlib import metadata
from pathlib import Path

import yaml
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).parents[1]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]


def pins() -> dict[str, str]:
    lines = (ROOT / "constraints.txt").read_text(encoding="utf-8").splitlines()
    found = [line.split("==") for line in lines if line and not line.startswith("#")]
    return {canonicalize_name(name): version for name, version in found}


def requirements() -> list[Requirement]:
    named = [*PROJECT["dependencies"], *PROJECT["optional-dependencies"]["dev"]]
    return [Requirement(line) for line in named]


def closure() -> set[str]:
    """Every installed package that ours needs, directly or not."""
    found: set[str] = set()
    todo = [(requirement.name, tuple(requirement.extras)) for requirement in requirements()]
    while todo:
        name, extras = todo.pop()
        key = canonicalize_name(name)
        if key in found:
            continue
        try:
            needs = metadata.requires(name) or []
        except metadata.PackageNotFoundError:
            continue
        found.add(key)
        for line in needs:
            need = Requirement(line)
            if need.marker is None or any(need.marker.evaluate({"extra": extra}) for extra in (*extras, "")):
                todo.append((need.name, tuple(need.extras)))
    return found


def test_every_package_that_is_installed_for_the_project_is_pinned() -> None:
    assert sorted(closure() - set(pins()) - {"setuptools", "pip"}) == []


def test_the_pins_satisfy_the_project() -> None:
    pinned = pins()
    assert [str(r) for r in requirements() if not r.specifier.contains(pinned[canonicalize_name(r.name)])] == []


def test_what_runs_here_is_what_is_pinned() -> None:
    pinned = pins()
    other = {
        name: metadata.version(name) for name in closure() if metadata.version(name).split("+")[0] != pinned.get(name)
    }
    assert {name: version for name, version in other.items() if name in pinned} == {}


def test_torch_is_pinned_to_the_tested_release() -> None:
    assert pins()["torch"] == "2.13.0"


def test_environment_yml_installs_this_project_through_its_constraints() -> None:
    environment = yaml.safe_load((ROOT / "environment.yml").read_text(encoding="utf-8"))
    plain = [item for item in environment["dependencies"] if isinstance(item, str)]
    (pip,) = [item["pip"] for item in environment["dependencies"] if isinstance(item, dict)]
    assert pip == ["-c constraints.txt", "-e .[dev]"]
    assert f"python{PROJECT['requires-python']}" in plain
    assert "pip" in plain


def test_the_readme_names_only_targets_that_exist() -> None:
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    named = set(re.findall(r"\bmake ([a-z-]+)", readme))
    assert {"demo", "test", "lab"} <= named
    assert all(re.search(rf"^{target}:", makefile, re.MULTILINE) for target in named)

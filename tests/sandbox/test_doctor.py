"""`sgd2muon doctor` tells the truth about this machine, and the right thing to those on others."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from autograder.cli import doctor, main
from autograder.sandbox import Probe, machine

LINUX = machine.Machine(
    system="Linux",
    version="Debian 12",
    processors=2.0,
    memory_bytes=8 << 30,
    root=False,
    container=False,
    wsl=False,
    jupyterhub=False,
    restricted_namespaces=False,
)
TRUSTED = Probe("trusted", ("rlimits",), "")
USER = Probe("user", ("rlimits", "landlock", "seccomp"), "")
FULL = Probe("full", (*USER.layers, "namespaces", "uid"), "")
NO_USER = Probe("user", (), "Landlock is not to be had: it needs Linux 5.13")
NO_FULL = Probe("full", (), 'level "full" needs root')


def test_json_says_what_a_probe_finds(capsys, monkeypatch):
    monkeypatch.setattr(
        "autograder.sandbox.levels.probe", lambda level: {"full": NO_FULL, "user": USER}.get(level, TRUSTED)
    )
    with pytest.raises(SystemExit) as ended:
        main(["doctor", "--json"])
    assert ended.value.code == 0
    said = json.loads(capsys.readouterr().out)
    assert said["grading_level"] == "user"
    assert said["levels"]["full"] == {"works": False, "layers": [], "missing": 'level "full" needs root'}
    assert said["torch"]["version"]
    assert said["problems"] == []


def test_the_text_names_the_level_that_grading_uses(capsys):
    with pytest.raises(SystemExit):
        main(["doctor"])
    printed = capsys.readouterr().out
    assert "trusted" in printed
    assert "rlimits" in printed
    assert "grading a class runs at level" in printed or "no safe level" in printed


def test_without_a_safe_level_it_says_so(monkeypatch, capsys):
    probes = {"trusted": TRUSTED, "user": NO_USER, "full": NO_FULL}
    monkeypatch.setattr("autograder.sandbox.levels.probe", probes.__getitem__)
    findings = doctor.examine()
    assert findings.grading_level is None
    doctor._print(findings)
    assert "no safe level" in capsys.readouterr().out


def test_a_torch_that_is_too_old_is_a_problem(monkeypatch):
    import torch

    monkeypatch.setattr(torch, "__version__", "2.8.1")
    monkeypatch.setattr("autograder.sandbox.levels.probe", lambda level: TRUSTED)
    assert "older than 2.9" in doctor.examine().problems[0]


def test_a_missing_package_is_a_problem(monkeypatch):
    monkeypatch.setattr(doctor, "_PACKAGES", ("numpy", "no-such-package"))
    monkeypatch.setattr("autograder.sandbox.levels.probe", lambda level: TRUSTED)
    assert "Not installed: no-such-package" in doctor.examine().problems[0]


@pytest.mark.parametrize(
    ("here", "probes", "words"),
    [
        (LINUX, (TRUSTED, USER, NO_FULL), "Level user is what grading uses"),
        (LINUX, (TRUSTED, NO_USER, NO_FULL), "not safe here. Landlock"),
        (replace(LINUX, system="Windows"), (TRUSTED, NO_USER, NO_FULL), "WSL 2"),
        (replace(LINUX, system="macOS"), (TRUSTED, NO_USER, NO_FULL), "container"),
        (replace(LINUX, wsl=True), (TRUSTED, NO_USER, NO_FULL), "wsl --update"),
        (replace(LINUX, container=True), (TRUSTED, NO_USER, NO_FULL), "seccompProfile"),
        (replace(LINUX, jupyterhub=True), (TRUSTED, USER, NO_FULL), "containers seldom"),
        (replace(LINUX, restricted_namespaces=True), (TRUSTED, USER, FULL), "Nothing needs to change"),
    ],
)
def test_advice_fits_the_machine(here, probes, words):
    assert words in " ".join(machine.advice(here, probes))


def test_where_all_is_well_there_is_no_advice():
    assert machine.advice(LINUX, (TRUSTED, USER, FULL)) == []


def test_this_machine_is_described():
    here = machine.this_machine()
    assert here.system in ("Linux", "macOS", "Windows")
    assert here.processors > 0

"""What kind of machine this is, as far as isolation and speed depend on it, and what to do about what is missing."""

from __future__ import annotations

import os
import platform
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from autograder.sandbox.levels import Probe

_SYSTEMS = {"linux": "Linux", "darwin": "macOS", "win32": "Windows"}


@dataclass(frozen=True)
class Machine:
    """Facts about this machine."""

    system: str
    """"Linux", "macOS" or "Windows"."""
    version: str
    processors: float
    """That this process may use; a container's share may be a fraction."""
    memory_bytes: int
    """0 where it cannot be told."""
    root: bool
    container: bool
    wsl: bool
    """Linux inside Windows."""
    jupyterhub: bool
    restricted_namespaces: bool
    """Ordinary users may not make namespaces, as on Ubuntu from 24.04."""


def this_machine() -> Machine:
    release = platform.release()
    return Machine(
        system=_SYSTEMS.get(sys.platform, sys.platform),
        version=_distribution() or platform.version(),
        processors=_processors(),
        memory_bytes=_memory_bytes(),
        root=hasattr(os, "geteuid") and os.geteuid() == 0,
        container=any(Path(mark).exists() for mark in ("/.dockerenv", "/run/.containerenv"))
        or "KUBERNETES_SERVICE_HOST" in os.environ,
        wsl="microsoft" in release.lower(),
        jupyterhub="JUPYTERHUB_API_URL" in os.environ,
        restricted_namespaces=_setting("kernel/apparmor_restrict_unprivileged_userns") == "1"
        or _setting("kernel/unprivileged_userns_clone") == "0",
    )


def advice(machine: Machine, probes: Sequence[Probe]) -> list[str]:
    """What somebody who wants to grade strangers' code here should know or do, the most important first."""
    works = {found.level: found.works for found in probes}
    missing = {found.level: found.missing for found in probes if found.missing}
    if machine.system == "Windows":
        return [
            "Your own code is checked here as it is. To grade a class, work inside WSL 2, which isolates as Linux "
            "does: run `wsl --install`, open Ubuntu, and install the course there, in a folder of its own home."
        ]
    if machine.system == "macOS":
        return [
            "Your own code is checked here as it is. To grade a class, use Linux: a container (Docker Desktop, "
            "Podman) or a virtual machine on this Mac will do, and level user works in both."
        ]
    found = []
    if "trusted" in missing:
        found.append(f"No worker starts: {missing['trusted']}.")
    if not works.get("user"):
        found.append(f"Grading a class is not safe here. {_sentence(missing.get('user', ''))}")
        if machine.wsl:
            found.append(
                "In WSL, `wsl --update` brings a kernel with Landlock; then `wsl --shutdown`, and open it again. A "
                "`kernel` or `kernelCommandLine` in .wslconfig can take it away."
            )
        if machine.jupyterhub or machine.container:
            found.append(
                "In a JupyterHub or Kubernetes pod, seccompProfile RuntimeDefault with containerd 1.6 or later allows "
                "Landlock; allowPrivilegeEscalation: false does not matter. Ask whoever runs it."
            )
    elif not works.get("full"):
        found.append(_about_full(machine, missing.get("full", "")))
    if machine.restricted_namespaces:
        found.append(
            "AppArmor keeps ordinary users from making namespaces here, as Ubuntu does from 24.04 on. Nothing needs to "
            "change: level user does without them, and level full makes them as root."
        )
    return found


def _about_full(machine: Machine, why: str) -> str:
    enough = "Level user is what grading uses here, and it holds against every attack of the test suite."
    if machine.jupyterhub or machine.container:
        return f"{enough} Level full adds namespaces, which containers seldom may make. {_sentence(why)}"
    return f"{enough} Level full adds namespaces and a user id for each worker. {_sentence(why)}"


def _sentence(text: str) -> str:
    return text[:1].upper() + text[1:] + ("" if text.endswith(".") else ".") if text else ""


def _distribution() -> str:
    try:
        return platform.freedesktop_os_release().get("PRETTY_NAME", "")
    except OSError:
        return platform.mac_ver()[0]


def _processors() -> float:
    usable = len(os.sched_getaffinity(0)) if sys.platform == "linux" else os.cpu_count() or 1
    try:
        quota, period = Path("/sys/fs/cgroup/cpu.max").read_text().split()
        return min(float(usable), int(quota) / int(period))
    except (OSError, ValueError):  # no such group, or its quota is the word max
        return float(usable)


def _memory_bytes() -> int:
    try:
        return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    except (AttributeError, ValueError, OSError):
        return 0


def _setting(name: str) -> str:
    try:
        return Path("/proc/sys", name).read_text().strip()
    except OSError:
        return ""

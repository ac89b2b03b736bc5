"""What a measurement was made on: without it, a number says nothing."""

from __future__ import annotations

import os
import platform
import tempfile
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from time import perf_counter

from arbiter.interfaces.bench.session import Session

CPUINFO = Path("/proc/cpuinfo")
SYNCS = 50
LOG_PAGE = b"\0" * 8192


@dataclass(frozen=True, kw_only=True)
class Machine:
    """This machine, and the server."""

    cpu: str
    cores: int
    memory_gib: float | None
    load: float | None
    """Processes that wanted a core in the last minute, before the benchmark began."""

    python: str
    postgres: str
    settings: dict[str, str]
    sync_us: float | None
    """What it takes to write 8 KiB and have them on disk; None where the disk is not ours to ask."""

    @property
    def is_durable(self) -> bool:
        """A commit that was answered survives a power cut."""
        return self.settings["fsync"] == "on" and self.settings["synchronous_commit"] != "off"


async def machine(session: Session, folder: Path | None) -> Machine:
    """Look around."""
    version, *values = await session.row("select_machine")
    names = ("fsync", "synchronous_commit", "full_page_writes", "shared_buffers")
    return Machine(
        cpu=_cpu(),
        cores=_cores(),
        memory_gib=_memory(),
        load=os.getloadavg()[0] if hasattr(os, "getloadavg") else None,
        python=f"{platform.python_implementation()} {platform.python_version()}",
        postgres=version,
        settings=dict(zip(names, values, strict=True)),
        sync_us=_sync(folder) if folder is not None else None,
    )


def _cpu() -> str:
    if CPUINFO.exists():
        for line in CPUINFO.read_text().splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    return platform.processor() or platform.machine()


def _cores() -> int:
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def _memory() -> float | None:
    try:
        pages = os.sysconf("SC_PHYS_PAGES")
    except (ValueError, OSError, AttributeError):
        return None
    return pages * os.sysconf("SC_PAGE_SIZE") / 2**30


def _sync(folder: Path) -> float:
    took = []
    with tempfile.TemporaryFile(dir=folder, buffering=0) as file:
        for _ in range(SYNCS):
            begun = perf_counter()
            file.write(LOG_PAGE)
            os.fsync(file.fileno())
            took.append(perf_counter() - begun)
    return median(took) * 1e6

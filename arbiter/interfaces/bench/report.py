"""A run of the benchmark, as a person reads it: each number with its target and its share of raw."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.table import Table
from rich.text import Text

from arbiter.interfaces.bench import targets
from arbiter.interfaces.bench.machine import Machine
from arbiter.interfaces.bench.raw import Rate
from arbiter.interfaces.bench.results import SUBMITTED, Results
from arbiter.interfaces.bench.routing import FEW, MANY, RIVALS
from arbiter.interfaces.bench.targets import Target

MIB = 2**20


class Line(NamedTuple):
    """One row of the table."""

    what: str
    value: float
    unit: str
    target: Target | None = None
    rate: Rate | None = None
    digits: int = 0


def show(console: Console, results: Results) -> None:
    """Print the machine, the numbers, and what to know about them."""
    console.print(_of_machine(results.machine))
    table = Table(box=SIMPLE_HEAD, title_justify="left")
    table.add_column("measured")
    for heading in ("value", "target", "of raw"):
        table.add_column(heading, justify="right", no_wrap=True)
    for line in _lines(results):
        value = Text(f"{line.value:,.{line.digits}f} {line.unit}")
        if line.target is not None:
            value.stylize("green" if line.target.is_met(line.value) else "bold red")
        table.add_row(
            line.what,
            value,
            str(line.target) if line.target else "",
            f"{line.rate.share:.2f}" if line.rate else "",
        )
    console.print(table)
    for note in _notes(results):
        console.print(Text(note, "dim"), soft_wrap=True)


def _of_machine(machine: Machine) -> Table:
    table = Table.grid(padding=(0, 2))
    memory = f", {machine.memory_gib:.0f} GiB" if machine.memory_gib else ""
    load = f", load {machine.load:.1f} at the start" if machine.load is not None else ""
    table.add_row("machine", f"{machine.cpu}, {machine.cores} cores{memory}{load}")
    table.add_row("Python", machine.python)
    settings = ", ".join(f"{name} {value}" for name, value in machine.settings.items())
    table.add_row("PostgreSQL", f"{machine.postgres}, {settings}")
    if machine.sync_us is not None:
        table.add_row("disk", f"{machine.sync_us:,.0f} µs to write 8 KiB and have them on disk")
    return table


def _lines(results: Results) -> Iterator[Line]:
    if results.raw_rows_per_s is not None:
        yield Line("raw probe: rows inserted, 500 a commit", results.raw_rows_per_s, "/s")
    yield from _rates(results)
    if (latency := results.latency) is not None:
        yield Line("submit to start, P50", latency.p50, "ms", targets.LATENCY_P50, digits=2)
        yield Line("submit to start, P99", latency.p99, "ms", targets.LATENCY_P99, digits=2)
    if (idle := results.idle) is not None:
        what = "transactions of an idle worker"
        yield Line(what, idle.per_minute, "/min", targets.IDLE, digits=1)
    yield from _routing(results)
    yield from _memory(results)
    if (asked := results.registry) is not None:
        what = f"best of {asked.agents:,} registered agents"
        yield Line(f"{what}, P50", asked.p50, "ms", digits=2)
        yield Line(f"{what}, P95", asked.p95, "ms", targets.REGISTRY_P95, digits=2)
    if (measured := results.in_process) is not None:
        bound = targets.MICROSECONDS
        yield Line("status transition in process", measured.transition, "µs", bound, digits=2)
        yield Line("listener call in process", measured.listener_call, "µs", bound, digits=2)


def _routing(results: Results) -> Iterator[Line]:
    if (choosing := results.choosing) is not None:
        for among, took, bound in (
            (FEW, choosing.few_us, targets.DECISION_OF_FEW_US),
            (MANY, choosing.many_us, targets.DECISION_OF_MANY_US),
        ):
            yield Line(f"decision among {among:,} agents, P95", took, "µs", bound)
        what = f"decisions among {FEW} agents, one core"
        yield Line(what, choosing.per_s, "/s", targets.DECISIONS)
    if (routed := results.routed) is not None:
        learnt, off = routed.learnt, routed.off
        yield Line(f"drain by {RIVALS} agents, routing off", off.rate.per_s, "/s", None, off.rate)
        what = f"drain by {RIVALS} agents, learnt routing"
        yield Line(what, learnt.rate.per_s, "/s", None, learnt.rate)
        bound = targets.ROUTED_DRAIN_PERCENT
        yield Line("learnt, of the one with routing off", routed.share * 100, "%", bound)
        cost = learnt.cpu_us - off.cpu_us
        yield Line("CPU that learnt routing adds for each task", cost, "µs")


def _rates(results: Results) -> Iterator[Line]:
    for name in SUBMITTED:
        rate = results.submissions.get(name)
        if rate is not None:
            callers = "1 caller" if name == "1" else f"{name} callers"
            what = "submissions in bulk" if name == "bulk" else f"submissions, {callers}"
            yield Line(what, rate.per_s, "/s", targets.SUBMISSIONS.get(name), rate)
    if (drained := results.drained) is not None:
        what = f"drain of {drained.tasks:,} tasks, {drained.concurrency} at a time"
        yield Line(what, drained.rate.per_s, "/s", targets.DRAIN, drained.rate)
        yield Line("CPU of the worker for each drained task", drained.cpu_us, "µs")
        what = "views complete after the drain's end"
        yield Line(what, drained.catching_up, "s", digits=1)


def _memory(results: Results) -> Iterator[Line]:
    if results.bytes_per_task is not None:
        what = "one live task in the in-memory twin"
        yield Line(what, results.bytes_per_task, "bytes", targets.BYTES_PER_TASK)
        yield Line("10,000 of them", results.bytes_per_task * 10_000 / MIB, "MiB", digits=1)
    if (memory := results.worker_memory) is not None:
        for queued, resident in ((memory.few, memory.at_few), (memory.many, memory.at_many)):
            yield Line(f"worker before {queued:,} tasks", resident / MIB, "MiB", digits=1)
        what, bound = "difference", targets.WORKER_MEMORY_MIB
        yield Line(what, memory.difference / MIB, "MiB", bound, digits=1)


def _notes(results: Results) -> Iterator[str]:
    if not results.machine.is_durable:
        yield "These settings are not durable: commits are answered before they are on disk."
    if results.raw_rates:
        yield (
            "of raw: facts appended a second, as a share of the raw probe's rows beside them;"
            " a submission appends 2 facts, a drained task 3."
        )
    if results.drained is not None:
        yield "After each drain, every task was seen to have exactly 5 facts."
    if (idle := results.idle) is not None and idle.seconds < 119:
        yield f"The idle worker was watched for {idle.seconds:.0f} s only; the target means 2 minutes."

"""`arbiter demo`: real code, reviewed by real tools, with a worker killed half-way."""

from __future__ import annotations

import os
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from random import Random
from statistics import quantiles
from typing import Any
from uuid import UUID, uuid4

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from arbiter import Arbiter, ArbiterError, Settings, connect
from arbiter.application.ports import Learnt
from arbiter.domain import facts as f
from arbiter.domain.record import Record
from arbiter.interfaces.demo.contest import contests, telling
from arbiter.interfaces.demo.judge import Judge
from arbiter.interfaces.demo.report import DemoSummary, as_json, show
from arbiter.interfaces.demo.reviewers import KINDS, REVIEWERS
from arbiter.interfaces.demo.sources import sources
from arbiter.interfaces.demo.summary import Latency
from arbiter.interfaces.demo.tools import require_tools
from arbiter.interfaces.demo.watch import Watch
from arbiter.interfaces.demo.worker import CONCURRENCY, QUEUE
from arbiter.interfaces.demo.workers import Workers

BEAT_SECONDS, LEASE_SECONDS = 1.0, 3.0
WORKERS = 2
AT_MOST_SECONDS = 300.0


def run(path: Path | None, *, settings: Settings, json: bool, console: Console) -> int:
    """Review the files under `path`, or of the standard library; return the exit code."""
    require_tools()
    files = _mixed(sources(path).files)
    began = time.monotonic()
    settings = settings.model_copy(
        update={"beat_seconds": BEAT_SECONDS, "lease_seconds": LEASE_SECONDS, "queues": (QUEUE,)}
    )
    with connect(settings=settings) as arbiter:
        _say(console, f"{len(files)} files, {len(REVIEWERS)} reviewers, {WORKERS} worker processes")
        _say(console, _memory(_records(arbiter)))
        workers = Workers(WORKERS, _environ(arbiter.settings))
        try:
            task_ids = _review(arbiter, workers, [str(file) for file in files], console)
        finally:
            workers.let_go()
        seconds = time.monotonic() - began
        streams = arbiter.core.run(lambda service: service.store.log.streams(task_ids))
        records = _records(arbiter)
    summary = _summary(streams, records, seconds)
    if not json:
        console.print()
        show(console, summary, _reviews(streams), task_id=str(_telling(streams)))
    else:
        print(as_json(summary), flush=True)
    return 0 if summary.completed == summary.tasks else 1


def _mixed(files: Sequence[Path]) -> list[Path]:
    """The files in an order that is nobody's, and always the same: no package comes in one piece."""
    mixed = list(files)
    Random(len(mixed)).shuffle(mixed)  # noqa: S311 - nothing to keep secret
    return mixed


def _records(arbiter: Arbiter) -> Mapping[tuple[str, str], Record]:
    """What the router knows of the reviewers, with all that has happened until now."""
    arbiter.views.catch_up()
    learnt: Learnt = arbiter.core.run(lambda service: service.store.records.of(tuple(REVIEWERS)))
    return learnt.records


def _memory(records: Mapping[tuple[str, str], Record]) -> str:
    known = sum(record.attempts for record in records.values())
    return (
        f"the router remembers {known:,} reviews of earlier runs"
        if known
        else "the router knows nothing of the reviewers yet"
    )


def _review(
    arbiter: Arbiter, workers: Workers, files: Sequence[str], console: Console
) -> list[UUID]:
    watch, judge = Watch(), Judge(arbiter.rate)
    arbiter.on("task.*", watch.hear)
    arbiter.on("task.completed", judge.hear)
    run_id = str(uuid4())
    submitted = arbiter.submit_many(
        ({"kind": kind, "payload": {"path": file}} for file in files for kind in KINDS),
        queue=QUEUE,
        subject=run_id,
        any_kind=True,
    )
    refused = [answer for answer in submitted if isinstance(answer, ArbiterError)]
    if refused:
        raise refused[0]
    task_ids = [answer.task_id for answer in submitted if not isinstance(answer, ArbiterError)]
    watch.expect(task_ids)
    judge.judge(task_ids)
    _say(console, f"{len(task_ids)} tasks submitted; they wait in the log for a worker")
    workers.await_ready()
    with _progress(console) as progress:
        bar = progress.add_task("reviewing", total=len(task_ids))
        _follow(watch, len(task_ids) // 2, lambda ended: progress.update(bar, completed=ended))
        _kill_the_busiest(arbiter, workers, watch, progress.console)
        _follow(watch, len(task_ids), lambda ended: progress.update(bar, completed=ended))
    for facts in arbiter.core.run(lambda service: service.store.log.streams(task_ids)).values():
        judge.take(facts[-1])  # a listener may be told later than another
    judge.finish()
    return task_ids


def _follow(watch: Watch, until: int, tell: Any) -> None:
    deadline = time.monotonic() + AT_MOST_SECONDS
    while watch.ended < until and time.monotonic() < deadline:
        watch.wait(min(until, watch.ended + 1), 1.0)
        tell(watch.ended)


def _kill_the_busiest(arbiter: Arbiter, workers: Workers, watch: Watch, console: Console) -> None:
    running = watch.running_on()
    pids = {
        worker.incarnation: worker.pid
        for worker in arbiter.stats(window_minutes=1).workers
        if worker.queues == (QUEUE,)
    }
    for incarnation, tasks in running.most_common():
        if incarnation in pids:
            workers.kill(pids[incarnation])
            _say(
                console,
                f"worker {pids[incarnation]} killed (SIGKILL) while it ran {tasks} tasks;"
                f" the other rescues them when its lease of {LEASE_SECONDS:g} s is over",
            )
            return


def _summary(
    streams: dict[UUID, Sequence[f.Fact]],
    records: Mapping[tuple[str, str], Record],
    seconds: float,
) -> DemoSummary:
    latencies: list[float] = []
    completed = failed = attempts = rescued = written = 0
    for facts in streams.values():
        written += len(facts)
        attempts += sum(isinstance(fact, f.TaskStarted) for fact in facts)
        last = facts[-1]
        failed += isinstance(last, f.TaskFailed)
        if isinstance(last, f.TaskCompleted):
            completed += 1
            latencies.append((last.at - facts[0].at).total_seconds() * 1000)
            rescued += any(
                isinstance(fact, f.TaskAttemptFailed) and fact.error.kind == "worker_lost"
                for fact in facts
            )
    return DemoSummary(
        tasks=len(streams),
        completed=completed,
        failed=failed,
        attempts=attempts,
        rescued=rescued,
        facts=written,
        seconds=seconds,
        tasks_per_s=completed / seconds,
        latency_ms=_percentiles(latencies),
        contests=tuple(contests(streams.values(), records)),
        choice=telling(streams.values()),
    )


def _percentiles(milliseconds: Sequence[float]) -> Latency:
    if len(milliseconds) < 2:
        only = milliseconds[0] if milliseconds else None
        return Latency(p50=only, p95=only)
    cuts = quantiles(milliseconds, n=100, method="inclusive")
    return Latency(p50=cuts[49], p95=cuts[94])


def _reviews(streams: dict[UUID, Sequence[f.Fact]]) -> list[tuple[str, str, dict[str, Any]]]:
    reviews = []
    for facts in streams.values():
        first, last = facts[0], facts[-1]
        if isinstance(first, f.TaskSubmitted) and isinstance(last, f.TaskCompleted):
            reviews.append((first.kind, first.payload.value()["path"], last.result.value()))
    return reviews


def _telling(streams: dict[UUID, Sequence[f.Fact]]) -> UUID:
    """The task with the most to tell: a rescued one, if there is any."""
    return max(streams, key=lambda task_id: len(streams[task_id]))


def _environ(settings: Settings) -> dict[str, str]:
    """The settings of the workers, for their environment."""
    told = {
        "ARBITER_SCHEMA": settings.schema_name,
        "ARBITER_QUEUES": QUEUE,
        "ARBITER_BEAT_SECONDS": str(BEAT_SECONDS),
        "ARBITER_LEASE_SECONDS": str(LEASE_SECONDS),
        "ARBITER_CONCURRENCY": str(CONCURRENCY),
        "ARBITER_POOLED": str(settings.pooled).lower(),
    }
    if settings.dsn is not None:
        told["ARBITER_DATABASE_URL"] = settings.dsn
    if settings.embedded_dir is not None:
        told["ARBITER_EMBEDDED_DIR"] = str(settings.embedded_dir)
    return told


def _progress(console: Console) -> Progress:
    return Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        console=console,
        disable=not console.is_terminal,
    )


def _say(console: Console, sentence: str) -> None:
    console.print(sentence, highlight=False)


def main() -> None:
    """Run with the environment's settings."""
    raise SystemExit(
        run(None, settings=Settings.from_env(os.environ), json=False, console=Console())
    )


if __name__ == "__main__":
    main()

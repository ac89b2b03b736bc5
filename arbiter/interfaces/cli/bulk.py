"""Many submissions from JSON Lines: all are read and checked before the first is written."""

from __future__ import annotations

import shutil
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from itertools import islice
from pathlib import Path
from tempfile import SpooledTemporaryFile
from typing import TYPE_CHECKING, Any, BinaryIO, TypeVar, cast

from arbiter.domain.errors import ArbiterError, InvalidInput
from arbiter.interfaces.cli.exits import OK, REFUSED, described
from arbiter.interfaces.cli.reading import from_json
from arbiter.interfaces.cli.session import Session
from arbiter.interfaces.cli.wishes import options

if TYPE_CHECKING:  # imported when a command runs: help must not wait for the database driver
    from arbiter.bootstrap import Arbiter

T = TypeVar("T")
AT_A_TIME = 1_000
"""Tasks of one call: enough to fill the committer's batches, few enough to see progress."""

IN_MEMORY = 64 * 1024 * 1024
SHOWN = 10
"""Refused lines that are told one by one."""

Wishes = dict[str, Any]
Tell = Callable[[int], None]


def submit_lines(session: Session, source: str, common: Mapping[str, Any]) -> int:
    """Submit every line of a file; `common` holds for the lines that do not say otherwise."""
    with _opened(source) as file, session.arbiter() as arbiter:
        with _progress(session, "checking", None) as tell:
            lines = _checked(arbiter, _lines(file, common), tell)
        with _progress(session, "submitting", lines) as tell:
            answers = _submitted(arbiter, _lines(file, common), tell)
    return _answered(session, answers)


def _checked(arbiter: Arbiter, lines: Iterable[tuple[int, Wishes]], tell: Tell) -> int:
    """Refuse the first line that could not be submitted; return how many there are."""
    from arbiter.application import door
    from arbiter.domain.commands import Submit

    limit = arbiter.settings.payload_limit
    kinds: dict[tuple[str, bool], Submit] = {}
    count = 0
    for number, wishes in lines:
        try:
            command = door.submission(limit=limit, **wishes)
        except InvalidInput as no:
            raise _in_line(number, no) from None
        kinds.setdefault((command.kind, command.any_kind), command)
        count += 1
        if count % AT_A_TIME == 0:
            tell(count)
    for command in kinds.values():
        arbiter.core.run(lambda service, command=command: service.known(command))  # type: ignore[misc]
    return count


def _submitted(arbiter: Arbiter, lines: Iterable[tuple[int, Wishes]], tell: Tell) -> dict[str, Any]:
    answers: dict[str, Any] = {"submitted": 0, "repeated": 0, "refused": [], "task_ids": []}
    ids: list[Any] = answers["task_ids"]
    for some in _batches(lines, AT_A_TIME):
        try:
            outcomes = arbiter.submit_many([cast("Any", wishes) for _, wishes in some])
        except ArbiterError as error:
            error.__dict__["submitted_before"] = len(ids)
            raise
        for (number, _), outcome in zip(some, outcomes, strict=True):
            if isinstance(outcome, ArbiterError):
                answers["refused"].append({"line": number, **described(outcome)})
                ids.append(None)
            else:
                answers["repeated" if outcome.repeated else "submitted"] += 1
                ids.append(outcome.task_id)
        tell(len(ids))
    return answers


def _answered(session: Session, answers: dict[str, Any]) -> int:
    refused = answers["refused"]
    if session.json:
        session.write(answers)
    else:
        parts = [f"{answers['submitted']:,} submitted"]
        if answers["repeated"]:
            parts.append(f"{answers['repeated']:,} submitted before, by the same keys")
        if refused:
            parts.append(f"{len(refused):,} refused")
        session.out.print(", ".join(parts))
        for each in refused[:SHOWN]:
            sys.stderr.write(f"error: line {each['line']}: {each['message']}\n")
        if len(refused) > SHOWN:
            sys.stderr.write(f"error: and {len(refused) - SHOWN:,} lines more; --json tells all\n")
    return REFUSED if refused else OK


def _lines(file: BinaryIO, common: Mapping[str, Any]) -> Iterator[tuple[int, Wishes]]:
    """Read the lines from the first on; empty ones are passed over."""
    file.seek(0)
    for number, line in enumerate(file, start=1):
        if not line.strip():
            continue
        try:
            wishes = _wishes(line.strip(), common)
        except InvalidInput as no:
            raise _in_line(number, no) from None
        yield number, wishes


def _wishes(line: bytes, common: Mapping[str, Any]) -> Wishes:
    said = from_json(line, "line")
    if not isinstance(said, dict):
        raise InvalidInput("line", "is no object", 'for example {"kind": "greet"}')
    wishes = options({**common, **said}, naming=str)
    if "kind" not in wishes:
        raise InvalidInput("kind", "is missing", "name it in the line, or before --many")
    return wishes


def _in_line(number: int, no: InvalidInput) -> InvalidInput:
    place = f"line {number}" if no.field == "line" else f"line {number}: {no.field}"
    return InvalidInput(place, no.reason.replace(" at line 1 column", " at column"), no.expected)


def _batches(items: Iterable[T], size: int) -> Iterator[list[T]]:
    rest = iter(items)
    while some := list(islice(rest, size)):
        yield some


@contextmanager
def _opened(source: str) -> Iterator[BinaryIO]:
    """Open a file that is read twice; what comes from standard input is put aside for that."""
    if source == "-":
        with SpooledTemporaryFile(max_size=IN_MEMORY) as aside:
            shutil.copyfileobj(sys.stdin.buffer, aside)
            yield cast("BinaryIO", aside)
        return
    with _readable(Path(source)) as file:
        yield file


def _readable(path: Path) -> BinaryIO:
    try:
        return path.open("rb")
    except OSError as error:
        raise InvalidInput("--many", f"{path} cannot be read: {error.strerror}") from None


@contextmanager
def _progress(session: Session, doing: str, total: int | None) -> Iterator[Tell]:
    """Show how far it has come, where somebody looks."""
    if session.json or not session.err.is_terminal:
        yield lambda _: None
        return
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

    columns = (TextColumn("{task.description:<10}"), BarColumn(), MofNCompleteColumn())
    with Progress(*columns, TimeElapsedColumn(), console=session.err, transient=True) as bar:
        task = bar.add_task(doing, total=total)
        yield lambda done: bar.update(task, completed=done)

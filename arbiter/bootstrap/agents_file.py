"""Agents described in a file: what each is, and what does its work."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from difflib import get_close_matches
from importlib import import_module
from pathlib import Path as FilePath
from typing import Any, TypeVar

import msgspec

from arbiter.application import agent_door
from arbiter.bootstrap.core import Core
from arbiter.bootstrap.file_tree import Path, Tree, read_tree
from arbiter.domain import transports
from arbiter.domain.commands import check_limits, check_retry
from arbiter.domain.errors import InvalidInput
from arbiter.domain.facts import AgentRegistered, Transport
from arbiter.domain.limits import Limits
from arbiter.domain.retry import RetryPolicy
from arbiter.runtime.hosted import Handler, Isolation
from arbiter.runtime.transports.hosting import handler_of

S = TypeVar("S", bound=msgspec.Struct)
PROFILE = (
    "kinds",
    "languages",
    "specializations",
    "model_family",
    "concurrency",
    "cost_per_task",
    "weight",
)
HOSTING = ("transport", "handler", "isolation", "retry", "limits")
EXAMPLE = '[agents.NAME] with kinds = ["…"]'


class FileAgent(msgspec.Struct, frozen=True, kw_only=True):
    """One agent of a file."""

    profile: AgentRegistered
    concurrency: int | None
    """As the file says; None leaves it to the worker."""

    handler: str | None
    """MODULE:FUNCTION of one that works in the worker's own process."""

    isolation: Isolation
    tree: Tree
    path: Path


def read_agents(file: FilePath) -> Sequence[FileAgent]:
    """Read and check every agent of a file. Raises InvalidAgent with the place of the first mistake."""
    tree = read_tree(file)
    for name in tree.values:
        if name != "agents":
            raise tree.refuse((name,), "is nothing that a file of agents holds", EXAMPLE)
    described = tree.values.get("agents")
    if not isinstance(described, Mapping) or not described:
        raise tree.refuse(("agents",), "describes no agent", EXAMPLE)
    return [_agent(tree, name, told) for name, told in described.items()]


def declare_agents(core: Core, agents: Sequence[FileAgent]) -> None:
    """Host the agents of a file from the next start on. Raises InvalidAgent."""
    for agent, handler in [(agent, _handler(core, agent)) for agent in agents]:
        profile = agent.profile
        try:
            core.declare(
                profile.name,
                profile.kinds,
                handler,
                languages=profile.languages,
                specializations=profile.specializations,
                model_family=profile.model_family,
                concurrency=agent.concurrency,
                cost_per_task=profile.cost_per_task,
                weight=profile.weight,
                retry=profile.retry,
                limits=profile.limits,
                isolation=agent.isolation,
                reached_by=profile.reached_by,
            )
        except InvalidInput as no:
            raise agent.tree.refuse(agent.path, no.reason, no.expected) from None


def _agent(tree: Tree, name: str, told: Any) -> FileAgent:
    path: Path = ("agents", name)
    if not isinstance(told, Mapping):
        raise tree.refuse(path, "is no table", EXAMPLE)
    _know(tree, path, told, (*PROFILE, *HOSTING))
    if "kinds" not in told:
        raise tree.refuse(path, "has no kinds", 'give some, as in kinds = ["code-review"]')
    reached_by = _transport(tree, (*path, "transport"), told.get("transport"))
    profile = {key: told[key] for key in PROFILE if key in told}
    at = datetime.now(UTC)
    profile["reached_by"] = reached_by
    profile["retry"] = _struct(tree, (*path, "retry"), told.get("retry"), RetryPolicy, check_retry)
    profile["limits"] = _struct(tree, (*path, "limits"), told.get("limits"), Limits, check_limits)
    described = _checked(tree, path, lambda: agent_door.described(name, at=at, **profile))
    isolation = told.get("isolation", "thread")
    if isolation not in ("thread", "process"):
        raise tree.refuse((*path, "isolation"), f"{isolation!r} is none", "'thread' or 'process'")
    return FileAgent(
        profile=described,
        concurrency=told.get("concurrency"),
        handler=_handler_name(tree, (*path, "handler"), told.get("handler"), reached_by),
        isolation=isolation,
        tree=tree,
        path=path,
    )


def _transport(tree: Tree, path: Path, told: Any) -> Transport | None:
    if told is None:
        return None
    if isinstance(told, Mapping) and "type" not in told:
        raise tree.refuse(path, "has no type", f"one of {', '.join(transports.TYPES)}")
    if isinstance(told, Mapping) and told["type"] not in transports.TYPES:
        known = f"one of {', '.join(transports.TYPES)}"
        raise tree.refuse((*path, "type"), f"{told['type']!r} is not supported", known)
    made = _struct(tree, path, told, Transport, lambda _: None)
    assert made is not None, "a transport that is told is made"
    _checked(tree, path, lambda: transports.checked(made))
    return None if made.type == "in_process" else made


def _struct(
    tree: Tree, path: Path, told: Any, kind: type[S], check: Callable[[S], None]
) -> S | None:
    """Make a value of a table. Raises InvalidAgent for what is unknown, or cannot be meant."""
    if told is None:
        return None
    if not isinstance(told, Mapping):
        raise tree.refuse(path, "is no table")
    _know(tree, path, told, kind.__struct_fields__)
    try:
        made = msgspec.convert(dict(told), kind)
        check(made)
    except msgspec.ValidationError as wrong:
        reason, _, place = str(wrong).partition(" - at `$")
        steps = tuple(step for step in place.strip("`.").split(".") if step)
        raise tree.refuse((*path, *steps), f"{reason[:1].lower()}{reason[1:]}") from None
    except ValueError as wrong:
        field, _, reason = str(wrong).partition(": ")
        raise tree.refuse((*path, *field.split(".")[1:]), reason) from None
    return made


def _know(tree: Tree, path: Path, told: Mapping[str, Any], known: Sequence[str]) -> None:
    for name in told:
        if name not in known:
            near = get_close_matches(name, known, n=1)
            hint = f"did you mean {near[0]!r}?" if near else f"known are {', '.join(known)}"
            raise tree.refuse((*path, name), "unknown word", hint)


T = TypeVar("T")


def _checked(tree: Tree, path: Path, check: Callable[[], T]) -> T:
    try:
        return check()
    except InvalidInput as no:
        steps = no.field.removeprefix("transport.").split(".")
        field = tuple(int(step) if step.isdecimal() else step for step in steps)
        raise tree.refuse((*path, *field), no.reason, no.expected) from None


def _handler_name(tree: Tree, path: Path, told: Any, reached_by: Transport | None) -> str | None:
    if told is None:
        return None
    if reached_by is not None:
        raise tree.refuse(path, f"means nothing for {reached_by.type}", "leave it out")
    module, _, function = told.partition(":") if isinstance(told, str) else ("", "", "")
    if not (function.isidentifier() and all(part.isidentifier() for part in module.split("."))):
        raise tree.refuse(path, f"{told!r} is no handler", "write module:function")
    return str(told)


def _handler(core: Core, agent: FileAgent) -> Handler:
    """Return what does an agent's work."""
    path, reached_by = agent.path, agent.profile.reached_by
    if reached_by is not None:
        slots = core.settings.concurrency if agent.concurrency is None else agent.concurrency
        return _checked(
            agent.tree, (*path, "transport"), lambda: handler_of(reached_by, concurrency=slots)
        )
    if agent.handler is None:
        raise agent.tree.refuse(
            path,
            "cannot be hosted: nothing is named that does its work",
            'give a handler, as in handler = "module:function", or a transport',
        )
    module, _, name = agent.handler.partition(":")
    try:
        found = getattr(import_module(module), name, None)
    except Exception as error:
        said = " ".join(str(error).split())
        reason = f"importing {module} failed: {type(error).__name__}: {said}"
        raise agent.tree.refuse((*path, "handler"), reason) from error
    if not callable(found):
        reason = f"{module} has no function {name!r}"
        raise agent.tree.refuse((*path, "handler"), reason, "name one that takes a task")
    return found  # type: ignore[no-any-return]


__all__ = ["FileAgent", "declare_agents", "read_agents"]

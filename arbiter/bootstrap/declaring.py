"""What both doors have in common: declaring agents."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path as FilePath
from typing import Any, Literal, TypeVar

from arbiter.bootstrap.core import Core
from arbiter.domain import transports
from arbiter.domain.errors import InvalidInput
from arbiter.domain.facts.transports import CALLBACK_SECONDS
from arbiter.domain.limits import Limits
from arbiter.domain.retry import RetryPolicy
from arbiter.runtime.transports.hosting import handler_of
from arbiter.settings import Settings

H = TypeVar("H", bound=Callable[..., Any])


class Declaring:
    """An Arbiter before it is asked anything; nothing is started."""

    def __init__(self, core: Core) -> None:
        """Start nothing before first use."""
        self.core = core

    @property
    def settings(self) -> Settings:
        """What this Arbiter was told."""
        return self.core.settings

    def agent(
        self,
        name: str,
        *,
        kinds: Iterable[str] | str,
        languages: Iterable[str] = (),
        specializations: Iterable[str] = (),
        model_family: str | None = None,
        concurrency: int | None = None,
        cost_per_task: float = 0.0,
        weight: float = 1.0,
        retry: RetryPolicy | None = None,
        limits: Limits | None = None,
        isolation: Literal["thread", "process"] = "thread",
    ) -> Callable[[H], H]:
        """Declare a function as the handler of an agent; it runs once `start()` is called.

        `concurrency` is how many of its tasks run here at a time. A `def` handler runs in a thread, which
        cannot be killed: with `isolation="process"` it runs in a process that can. Raises InvalidInput.
        """

        def declare(handler: H) -> H:
            self.core.declare(
                name,
                kinds,
                handler,
                languages=languages,
                specializations=specializations,
                model_family=model_family,
                concurrency=concurrency,
                cost_per_task=cost_per_task,
                weight=weight,
                retry=retry,
                limits=limits,
                isolation=isolation,
            )
            return handler

        return declare

    def agents_from(self, file: FilePath | str) -> None:
        """Declare the agents that a TOML or YAML file describes; they are hosted once `start()` is called.

        Each has a table `[agents.NAME]` with its kinds, and either a `transport` or a `handler`, the
        `module:function` that does its work here. Raises InvalidAgent, which names the line.
        """
        from arbiter.bootstrap.agents_file import declare_agents, read_agents  # noqa: PLC0415

        declare_agents(self.core, read_agents(FilePath(file)))

    def command_agent(
        self,
        name: str,
        command: Sequence[str],
        *,
        kinds: Iterable[str] | str,
        directory: str | None = None,
        environment: Mapping[str, str] | None = None,
        timeout_seconds: float | None = None,
        languages: Iterable[str] = (),
        specializations: Iterable[str] = (),
        model_family: str | None = None,
        concurrency: int | None = None,
        cost_per_task: float = 0.0,
        weight: float = 1.0,
        retry: RetryPolicy | None = None,
        limits: Limits | None = None,
    ) -> None:
        """Declare a program as an agent: one process per attempt, JSON on its standard input and output.

        `command` is the program with its arguments; no shell reads it. It answers `{"result": …}` or
        `{"error": {"type": …, "message": …}}`. At a time limit or a cancel its whole process group is
        killed. It inherits this process's environment, but for ARBITER_*. Raises InvalidInput.
        """
        reached_by = transports.subprocess(
            command, directory=directory, timeout_seconds=timeout_seconds
        )
        slots = self.settings.concurrency if concurrency is None else concurrency
        self.core.declare(
            name,
            kinds,
            handler_of(reached_by, concurrency=slots, environment=environment),
            languages=languages,
            specializations=specializations,
            model_family=model_family,
            concurrency=concurrency,
            cost_per_task=cost_per_task,
            weight=weight,
            retry=retry,
            limits=limits,
            reached_by=reached_by,
        )

    def http_agent(
        self,
        name: str,
        url: str,
        *,
        kinds: Iterable[str] | str,
        secret: str | None = None,
        secret_env: str | None = None,
        health_url: str | None = None,
        timeout_seconds: float | None = None,
        callback_seconds: float = CALLBACK_SECONDS,
        idempotent: bool = False,
        languages: Iterable[str] = (),
        specializations: Iterable[str] = (),
        model_family: str | None = None,
        concurrency: int | None = None,
        cost_per_task: float = 0.0,
        weight: float = 1.0,
        retry: RetryPolicy | None = None,
        limits: Limits | None = None,
    ) -> None:
        """Declare a service behind HTTP as an agent: one POST per attempt, JSON in, JSON out.

        It answers 200 with `{"result": …}` or `{"error": {"type": …, "message": …}}`, or 202 and later a
        callback, for which it has `callback_seconds` and needs a secret (given, or named by `secret_env`).
        `concurrency` is how many of its tasks it has at a time, over all workers. `idempotent` says that it
        does the work of one Idempotency-Key once, so that a request may be sent again. Raises InvalidInput.
        """
        reached_by = transports.http(
            url,
            health_url=health_url,
            secret_env=secret_env,
            timeout_seconds=timeout_seconds,
            callback_seconds=callback_seconds,
            idempotent=idempotent,
        )
        if secret == "":
            raise InvalidInput("secret", "it is empty", "leave it out, or give one")
        slots = self.settings.concurrency if concurrency is None else concurrency
        self.core.declare(
            name,
            kinds,
            handler_of(reached_by, concurrency=slots, secret=secret),
            languages=languages,
            specializations=specializations,
            model_family=model_family,
            concurrency=concurrency,
            cost_per_task=cost_per_task,
            weight=weight,
            retry=retry,
            limits=limits,
            reached_by=reached_by,
        )

"""What both doors have in common: declaring agents."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any, Literal, TypeVar

from arbiter.bootstrap.core import Core
from arbiter.domain.limits import Limits
from arbiter.domain.retry import RetryPolicy
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
                retry=retry,
                limits=limits,
                isolation=isolation,
            )
            return handler

        return declare

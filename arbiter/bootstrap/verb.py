"""A verb as a method of a door: the verb's own signature and docstring, with the door's way of running it."""

from __future__ import annotations

import functools
from collections.abc import Awaitable, Callable, Coroutine
from typing import Any, Concatenate, Generic, ParamSpec, Protocol, TypeVar

from arbiter.bootstrap.core import Core
from arbiter.bootstrap.verbs import Work

P = ParamSpec("P")
T = TypeVar("T")


class HasCore(Protocol):
    """A door, or its views."""

    @property
    def core(self) -> Core:
        """What runs the verbs."""
        ...


class Verb(Generic[P, T]):
    """Waits for the answer."""

    def __init__(
        self,
        of: Callable[[Core], Any],
        verb: Callable[Concatenate[Any, P], Work[T]],
        run: Callable[[Core, Work[T]], T],
    ) -> None:
        """`of` makes what the verb is a method of; `run` is the door's way."""
        self._of, self._verb, self._run = of, verb, run
        self.__doc__ = verb.__doc__

    def __get__(self, door: HasCore | None, _: type[Any]) -> Callable[P, T]:
        """Bind to a door; from the class, the verb itself is shown."""
        if door is None:
            return self._verb  # type: ignore[return-value]
        core, of, verb, run = door.core, self._of, self._verb, self._run

        @functools.wraps(verb)
        def bound(*arguments: P.args, **named: P.kwargs) -> T:
            return run(core, verb(of(core), *arguments, **named))

        return bound


class AsyncVerb(Generic[P, T]):
    """Awaits the answer."""

    def __init__(
        self,
        of: Callable[[Core], Any],
        verb: Callable[Concatenate[Any, P], Work[T]],
        run: Callable[[Core, Work[T]], Awaitable[T]],
    ) -> None:
        """`of` makes what the verb is a method of; `run` is the door's way."""
        self._of, self._verb, self._run = of, verb, run
        self.__doc__ = verb.__doc__

    def __get__(self, door: HasCore | None, _: type[Any]) -> Callable[P, Coroutine[Any, Any, T]]:
        """Bind to a door; from the class, the verb itself is shown."""
        if door is None:
            return self._verb  # type: ignore[return-value]
        core, of, verb, run = door.core, self._of, self._verb, self._run

        @functools.wraps(verb)
        async def bound(*arguments: P.args, **named: P.kwargs) -> T:
            return await run(core, verb(of(core), *arguments, **named))

        return bound

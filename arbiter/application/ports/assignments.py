"""Tasks that one worker has claimed and gives to an agent that another worker hosts."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Protocol
from uuid import UUID

import msgspec

from arbiter.domain.facts import AgentProfiled, TaskRouted
from arbiter.domain.task import Task

ASSIGNED_WORD = "assigned "
"""Followed by an incarnation: another worker has given it tasks."""


class Elsewhere(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """An agent on a live worker that is not ours."""

    profile: AgentProfiled
    abilities: frozenset[str]
    incarnation: UUID
    """Its host's."""

    queues: frozenset[str]
    """The queues its host serves: it looks for nothing that was given to it out of another."""

    busy: int
    """What its host has in its hands, for any of its agents, and what the agent has to do elsewhere."""


class Assignment(msgspec.Struct, frozen=True, gc=False):
    """A task that we have claimed, routed to an agent of another host."""

    fact: TaskRouted
    task: Task
    """As it rests there: assigned."""


class Assignments(Protocol):
    """The way from the worker that claims a task to the one that hosts its agent."""

    async def hosts(
        self, me: UUID, queues: Collection[str], kinds: Collection[str]
    ) -> Sequence[Elsewhere]:
        """Return the agents of these kinds that other live workers of these queues host.

        Only those whose status lets them take work.
        """
        ...

    async def give(self, me: UUID, given: Sequence[Assignment]) -> frozenset[UUID]:
        """Append the facts, put the tasks into their hosts' hands, and ring for each host, in one commit.

        Returns the tasks of which nothing was written: those that are no longer ours at that version, or
        whose host is no longer live; all of them, if we are not.
        """
        ...

    async def given(self, me: UUID, queues: Collection[str], limit: int) -> Sequence[UUID]:
        """Return the tasks of these queues that rest with us, not started, the most urgent first."""
        ...

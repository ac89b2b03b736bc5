"""Every fact as a sentence a person can read, with who did it and what caused it."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import datetime
from typing import Any

from arbiter.domain import facts as f
from arbiter.domain.facts import Fact
from arbiter.domain.facts.lifecycle import TaskFact


def sentence(fact: Fact) -> str:
    """Tell what happened, and where it leads to; a fact without words of its own has its class's."""
    words = _WORDS.get(type(fact))
    told = one_line(words(fact) if words is not None else _in_general(fact))
    becomes = fact.becomes if isinstance(fact, TaskFact) else None
    return f"{told}: the task is {becomes.value}." if becomes is not None else f"{told}."


def cause(fact: Fact) -> str | None:
    """Tell what led to it, in the words that were recorded; None if nothing was."""
    causes = _CAUSES.get(type(fact))
    told = causes(fact) if causes is not None else getattr(fact, "why", None)
    return one_line(told) if told else None


def one_line(text: str) -> str:
    """Return a text without the line breaks and tabs that a trail of lines cannot hold."""
    return " ".join(text.split())


def _in_general(fact: Fact) -> str:
    promise = (type(fact).__doc__ or fact.topic).strip()
    return promise.splitlines()[0].rstrip(".")


def _submitted(fact: f.TaskSubmitted) -> str:
    details = [f"queue {fact.queue}", f"priority {fact.priority}"]
    if fact.tenant != "default":
        details.insert(0, f"tenant {fact.tenant}")
    if fact.not_before is not None:
        details.append(f"not before {moment(fact.not_before)}")
    if fact.hold is not None:
        details.append(f"to be held: {fact.hold}")
    return f"A task of kind {fact.kind} was submitted ({', '.join(details)})"


def _validated(fact: f.TaskValidated) -> str:
    under = f" under the approval of {fact.approval[:12]}…" if fact.approval else ""
    return f"The gate let it into the queue{under}"


def _held(fact: f.TaskHeld) -> str:
    until = f" until {moment(fact.until)}" if fact.until is not None else ""
    return f"The gate held it back{until}, for {_all(wait.reason for wait in fact.waits_for)}"


def _rejected(fact: f.TaskRejected) -> str:
    broken = _all(f"{each.message} ({each.rule}, {each.severity})" for each in fact.violations)
    return f"It was rejected for {broken}"


def _approved(fact: f.TaskApproved) -> str:
    until = f" until {moment(fact.until)}" if fact.until is not None else ""
    return f"What it would do was approved{until}, as digest {fact.digest[:12]}…"


def _regated(fact: f.TaskRegated) -> str:
    return f"It was sent through the gate again, because this changed: {fact.changed}"


def _deferred(fact: f.TaskDeferred) -> str:
    return f"It cannot be dispatched ({fact.reason}) and is looked at again at {_at(fact)}"


def _at(fact: f.TaskDeferred) -> str:
    return moment(fact.look_again)


def _routed(fact: f.TaskRouted) -> str:
    run = f" of run {fact.run}" if fact.run > 1 else ""
    decision = f"{fact.decision.strategy}: {fact.decision.reason}"
    return f"Attempt {fact.attempt}{run} was given to agent {fact.agent} ({decision})"


def _started(fact: f.TaskStarted) -> str:
    alone = " alone in a process of its own" if fact.alone else ""
    deadline = f", with time until {moment(fact.deadline)}" if fact.deadline is not None else ""
    return f"The attempt started{alone}{deadline}"


def _usage(fact: f.TaskUsageReported) -> str:
    used = f"{fact.files} files, {fact.lines} lines, {fact.tokens} tokens, cost {fact.cost:g}"
    return f"The attempt has used {used} so far"


def _handed_over(fact: f.TaskHandedOver) -> str:
    return f"Agent {fact.agent} took the attempt over and has until {moment(fact.until)} to answer"


def _completed(fact: f.TaskCompleted) -> str:
    quality = f", of quality {fact.quality:.3g} by its own word" if fact.quality is not None else ""
    cost = f", at a cost of {fact.cost:.6g}" if fact.cost is not None else ""
    return f"The attempt completed it in {fact.latency_ms:g} ms{quality}{cost}"


def _attempt_failed(fact: f.TaskAttemptFailed) -> str:
    again = moment(fact.not_before)
    return (
        f"Attempt {fact.attempt} failed with {failure(fact.error)}; the next may start at {again}"
    )


def _failed(fact: f.TaskFailed) -> str:
    tried = "1 attempt" if fact.attempts == 1 else f"{fact.attempts} attempts"
    return f"The run failed after {tried} with {failure(fact.error)}"


def _released(fact: f.TaskReleased) -> str:
    return f"The worker gave it back unfinished ({fact.reason})"


def _redriven(fact: f.TaskRedriven) -> str:
    edited = ", with another payload" if fact.payload is not None else ""
    return f"Run {fact.run} was begun{edited}"


def _rescheduled(fact: f.TaskRescheduled) -> str:
    changes = []
    if fact.priority is not None:
        changes.append(f"priority is now {fact.priority}")
    if fact.not_before is not None:
        changes.append(f"not before {moment(fact.not_before)}")
    return f"It was rescheduled: {', '.join(changes)}"


def _registered(fact: f.AgentRegistered) -> str:
    return f"Agent {fact.name} registered for {', '.join(sorted(fact.kinds))}"


def _updated(fact: f.AgentUpdated) -> str:
    return f"Agent {fact.name} changed its profile, now for {', '.join(sorted(fact.kinds))}"


def _agent_status(fact: f.AgentStatusChanged) -> str:
    if fact.by is None:
        return f"The registry took agent {fact.name} as {fact.status.value}"
    return f"Agent {fact.name} was given the status {fact.status.value}"


def _joined(fact: f.WorkerJoined) -> str:
    place = f"{fact.host}, pid {fact.pid}"
    return f"Worker {fact.worker} joined ({place}) with {', '.join(fact.agents) or 'no agents'}"


def _left(fact: f.WorkerLeft) -> str:
    return f"A worker left and gave back {fact.released} tasks"


def _lost(fact: f.WorkerLost) -> str:
    return f"A worker was lost: no beat for {fact.lease_seconds:g} s after its beat {fact.beat}"


def _limited(fact: f.QueueLimited) -> str:
    if fact.limit is None:
        return f"Queue {fact.queue} runs without a limit"
    return f"Queue {fact.queue} runs at most {fact.limit} tasks at a time"


def _breaker_opened(fact: f.BreakerOpened) -> str:
    until = f"until {moment(fact.until)}" if fact.until is not None else "until further notice"
    after = f" after {fact.failures} failures" if fact.failures else ""
    return f"The breaker of agent {fact.agent} opened{after}, {until}"


def _breaker_half_opened(fact: f.BreakerHalfOpened) -> str:
    return f"The breaker of agent {fact.agent} half-opened for {fact.probes} probes at a time"


def _breaker_closed(fact: f.BreakerClosed) -> str:
    after = f" after {fact.successes} probes succeeded" if fact.successes else ""
    return f"The breaker of agent {fact.agent} closed{after}"


def _alerted(fact: f.FailureAlerted) -> str:
    often = f"{fact.count} times in {fact.window_seconds:g} s"
    told = f"{fact.type}: {fact.pattern}" if fact.pattern else fact.type
    return f"Agent {fact.agent} failed {often} in the same way: {told}"


def _as_told(fact: f.AnomalyFact) -> str:
    what = {
        "latency_spike": "P95 of latency",
        "accuracy_drop": "quality",
        "error_rate_increase": "error rate",
    }[fact.type]
    if fact.type == "latency_spike":
        return f"{what} {fact.value:,.0f} ms, usually {fact.usual:,.0f} ms"
    return f"{what} {fact.value:.1%}, usually {fact.usual:.1%}"


def _anomaly_raised(fact: f.AnomalyRaised) -> str:
    span = f"{fact.attempts} attempts in {fact.window_seconds:g} s"
    where = f"agent {fact.agent} at {fact.kind}"
    return f"An anomaly of {where} was raised, {fact.severity}: {_as_told(fact)} ({span})"


def _anomaly_resolved(fact: f.AnomalyResolved) -> str:
    why = "it has recovered" if fact.reason == "recovered" else "that is what is usual now"
    where = f"agent {fact.agent} at {fact.kind}"
    return f"An anomaly of {where} was resolved, {why}: {_as_told(fact)}"


def _outcome_rated(fact: f.OutcomeRated) -> str:
    now = "" if fact.counts == fact.quality else f", which makes it {fact.counts:.3g} in all"
    return (
        f"The result of attempt {fact.attempt} by agent {fact.agent} was rated"
        f" {fact.quality:.3g}{now}"
    )


def moment(at: datetime) -> str:
    """Write a moment as a person reads it, in the zone it was recorded in (UTC)."""
    return at.isoformat(sep=" ", timespec="seconds").replace("+00:00", " UTC")


def failure(error: f.Failure) -> str:
    """Write an error in one line."""
    return f"{error.type}: {error.message}" if error.message else error.type


def _all(reasons: Iterable[str]) -> str:
    return "; ".join(reasons) or "no reason that was recorded"


_WORDS: dict[type[Fact], Callable[[Any], str]] = {
    f.TaskSubmitted: _submitted,
    f.TaskValidated: _validated,
    f.TaskHeld: _held,
    f.TaskRejected: _rejected,
    f.TaskApproved: _approved,
    f.TaskRegated: _regated,
    f.TaskDeferred: _deferred,
    f.TaskRouted: _routed,
    f.TaskStarted: _started,
    f.TaskCheckpointed: lambda fact: f"The attempt noted its progress ({fact.progress.size} bytes)",
    f.TaskUsageReported: _usage,
    f.TaskHandedOver: _handed_over,
    f.TaskCompleted: _completed,
    f.TaskAttemptFailed: _attempt_failed,
    f.TaskFailed: _failed,
    f.TaskReleased: _released,
    f.TaskSuspended: lambda _: "It was set aside",
    f.TaskResumed: lambda _: "It may go on",
    f.TaskRedriven: _redriven,
    f.TaskRescheduled: _rescheduled,
    f.TaskCancelled: lambda _: "It was ended on request",
    f.AgentRegistered: _registered,
    f.AgentUpdated: _updated,
    f.AgentStatusChanged: _agent_status,
    f.AgentRetired: lambda fact: f"Agent {fact.name} was retired",
    f.WorkerJoined: _joined,
    f.WorkerLeft: _left,
    f.WorkerLost: _lost,
    f.BreakerOpened: _breaker_opened,
    f.BreakerHalfOpened: _breaker_half_opened,
    f.BreakerClosed: _breaker_closed,
    f.FailureAlerted: _alerted,
    f.OutcomeRated: _outcome_rated,
    f.AnomalyRaised: _anomaly_raised,
    f.AnomalyResolved: _anomaly_resolved,
    f.QueuePaused: lambda fact: f"Queue {fact.queue} was paused",
    f.QueueResumed: lambda fact: f"Queue {fact.queue} was resumed",
    f.QueueLimited: _limited,
}

_CAUSES: dict[type[Fact], Callable[[Any], str | None]] = {
    f.TaskSubmitted: lambda fact: fact.cause,
    f.TaskRegated: lambda fact: fact.changed,
    f.TaskDeferred: lambda fact: fact.reason,
    f.TaskHeld: lambda fact: _all(wait.reason for wait in fact.waits_for),
    f.TaskRejected: lambda fact: _all(each.message for each in fact.violations),
    f.TaskRouted: lambda fact: fact.decision.reason,
    f.TaskAttemptFailed: lambda fact: failure(fact.error),
    f.TaskFailed: lambda fact: failure(fact.error),
    f.TaskReleased: lambda fact: fact.reason,
}

"""One fact of every topic ever stored, each with every field away from its default.

The name is the topic; when a fact gains a field, its first reference stays as it is and another one,
`topic+field`, is added: what was once written must be readable for ever.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import msgspec

from arbiter.domain import facts as f
from arbiter.domain.agent_status import AgentStatus
from arbiter.domain.blob import Blob, blob_of
from arbiter.domain.limits import Limits
from arbiter.domain.retry import RetryPolicy

AT = datetime(2030, 1, 2, 3, 4, 5, 678901, tzinfo=UTC)
LATER = datetime(2030, 1, 2, 4, 4, 5, tzinfo=UTC)


def uuid(number: int) -> UUID:
    return UUID(f"01900000-0000-7000-8000-{number:012d}")


HERE = {"version": 7, "at": AT}
TASK = HERE | {"task_id": uuid(1)}
AGENT = HERE | {"agent_id": uuid(2), "name": "reviewer"}
WORKER = HERE | {"incarnation": uuid(3)}
QUEUE = HERE | {"queue_id": uuid(4), "queue": "reviews", "by": "ann", "why": "too much"}
BREAKER = HERE | {"breaker_id": uuid(7), "agent": "ruff", "by": "ann", "why": "too slow"}

SEALED = Blob(body=blob_of(b'{"diff":"+1"}').body, encoding="sealed")
RETRY = RetryPolicy(
    max_attempts=5,
    backoff="linear",
    initial=0.5,
    cap=10.0,
    jitter=0.25,
    on={"ValueError": "fail", "TimeoutError": "hold"},
)
LIMITS = Limits(schedule_to_start=60.0, start_to_close=10.5, total=600.0, heartbeat=5.0)
BROKEN = f.Violation(
    rule="size", severity="high", message="too large", field="payload", suggestion="split it"
)
FAILURE = f.Failure(
    kind="exception", type="ValueError", message="no such thing", detail="Traceback …"
)
DECISION = f.Decision(
    strategy="first_able",
    reason="the only one able",
    strategy_version=2,
    candidates=(f.Candidate(agent="ruff", score=0.75, propensity=1.0),),
    draw=0.5,
)
SHORTLISTED = f.Decision(
    strategy="thompson",
    reason="the likeliest to succeed",
    strategy_version=2,
    candidates=(
        f.Candidate(
            agent="ruff",
            score=0.75,
            propensity=1.0,
            shortlisted=0.5,
            features=f.Seen(
                agent="ruff",
                match=0.5,
                attempts=3,
                success_rate=0.75,
                quality=0.5,
                latency_ms=12.5,
                cost=0.25,
                load=0.5,
                weight=2.0,
                wins=4.0,
                losses=2.0,
            ),
        ),
    ),
    draw=0.5,
    decisions=40,
    shortlist_of=33,
    confidence=0.625,
    alternatives=("bandit",),
    explored=True,
    took_ms=0.0625,
)
LEARNED = f.Decision(
    strategy="epsilon_greedy",
    reason="the best of 2",
    candidates=(
        f.Candidate(agent="ruff", score=0.75, propensity=0.75, features=f.Seen(agent="ruff")),
        f.Candidate(agent="bandit", score=0.5, propensity=0.25, features=f.Seen(agent="bandit")),
    ),
    draw=0.5,
    known_at=4000,
)
PROFILE = {
    "kinds": ("code-review", "summary"),
    "languages": ("python",),
    "specializations": ("security",),
    "model_family": "none",
    "max_concurrency": 4,
    "cost_per_task": 0.25,
    "transport": "http",
}
REFERENCES: dict[str, f.Fact] = {
    "task.submitted": f.TaskSubmitted(
        **TASK,
        kind="code-review",
        payload=SEALED,
        queue="reviews",
        tenant="acme",
        priority=9,
        requirements={"languages": ("python", "sql")},
        not_before=LATER,
        limits=LIMITS,
        retry=RETRY,
        idempotency_key="once",
        hold="look at it first",
        hold_until=LATER,
        subject="ann",
        parent=uuid(5),
        cause="task.completed",
        trace="00-1",
        by="ben",
    ),
    "task.validated": f.TaskValidated(
        **TASK,
        verdict="waived",
        policies={"limits": 3},
        waivers=("W-1",),
        approval="a1b2",
        compliance=0.875,
        governance_position=12,
    ),
    "task.held": f.TaskHeld(
        **TASK, waits_for=(f.Wait(kind="person", reason="look at it first"),), until=LATER
    ),
    "task.rejected": f.TaskRejected(**TASK, violations=(BROKEN,), by="ann"),
    "task.approved": f.TaskApproved(**TASK, digest="a1b2", by="ann", why="fine", until=LATER),
    "task.regated": f.TaskRegated(**TASK, changed="policy adopted"),
    "task.deferred": f.TaskDeferred(**TASK, reason="nobody able", look_again=LATER),
    "task.routed": f.TaskRouted(
        **TASK,
        run=2,
        attempt=3,
        attempt_id=uuid(6),
        agent="ruff",
        incarnation=uuid(3),
        decision=DECISION,
        retry=RETRY,
        limits=LIMITS,
    ),
    "task.routed+shortlist_of": f.TaskRouted(
        **TASK,
        run=2,
        attempt=3,
        attempt_id=uuid(6),
        agent="ruff",
        incarnation=uuid(3),
        decision=SHORTLISTED,
        retry=RETRY,
        limits=LIMITS,
    ),
    "task.routed+known_at": f.TaskRouted(
        **TASK,
        run=2,
        attempt=3,
        attempt_id=uuid(6),
        agent="ruff",
        incarnation=uuid(3),
        decision=LEARNED,
    ),
    "task.started": f.TaskStarted(**TASK, deadline=LATER, alone=True),
    "task.checkpointed": f.TaskCheckpointed(**TASK, progress=SEALED),
    "task.handed_over": f.TaskHandedOver(**TASK, attempt_id=uuid(4), agent="reviewer", until=LATER),
    "task.usage_reported": f.TaskUsageReported(
        **TASK, files=1, lines=20, tokens=300, cost=0.5, violations=(BROKEN,)
    ),
    "task.completed": f.TaskCompleted(
        **TASK, result=SEALED, latency_ms=12.5, quality=0.875, cost=0.5
    ),
    "task.attempt_failed": f.TaskAttemptFailed(**TASK, error=FAILURE, attempt=3, not_before=LATER),
    "task.failed": f.TaskFailed(**TASK, error=FAILURE, attempts=3),
    "task.released": f.TaskReleased(**TASK, reason="shutdown"),
    "task.suspended": f.TaskSuspended(**TASK, by="ann", why="wait for the fix"),
    "task.resumed": f.TaskResumed(**TASK, by="ann"),
    "task.redriven": f.TaskRedriven(
        **TASK, run=2, by="ann", why="fixed", payload=SEALED, not_before=LATER
    ),
    "task.rescheduled": f.TaskRescheduled(
        **TASK, priority=9, not_before=LATER, by="ann", why="urgent"
    ),
    "task.cancelled": f.TaskCancelled(**TASK, by="ann", why="no longer needed"),
    "agent.registered": f.AgentRegistered(**AGENT, **PROFILE),
    "agent.registered+reached_by": f.AgentRegistered(
        **AGENT,
        kinds=("code-review",),
        transport="subprocess",
        reached_by=f.Transport(
            type="subprocess",
            command=("/usr/bin/reviewer", "--json"),
            directory="/srv/reviews",
            timeout_seconds=60.0,
            callback_seconds=600.0,
            idempotent=True,
            url="https://agents.example/reviewer",
            health_url="https://agents.example/health",
            secret_env="REVIEWER_SECRET",
        ),
    ),
    "agent.updated+reached_by": f.AgentUpdated(
        **AGENT,
        kinds=("code-review",),
        transport="http",
        reached_by=f.Transport(
            type="http",
            command=("none",),
            directory="/",
            timeout_seconds=60.0,
            callback_seconds=600.0,
            idempotent=True,
            url="https://agents.example/reviewer",
            health_url="https://agents.example/health",
            secret_env="REVIEWER_SECRET",
        ),
    ),
    "agent.registered+weight": f.AgentRegistered(**AGENT, **PROFILE, weight=2.0, by="ann"),
    "agent.registered+retry": f.AgentRegistered(**AGENT, **PROFILE, retry=RETRY, limits=LIMITS),
    "agent.updated": f.AgentUpdated(**AGENT, **PROFILE),
    "agent.updated+retry": f.AgentUpdated(**AGENT, **PROFILE, retry=RETRY, limits=LIMITS),
    "agent.updated+weight": f.AgentUpdated(**AGENT, **PROFILE, weight=2.0, by="ann"),
    "agent.status_changed": f.AgentStatusChanged(
        **AGENT, status=AgentStatus.MAINTENANCE, by="ann", why="a new version"
    ),
    "agent.retired": f.AgentRetired(**AGENT, by="ann", why="replaced"),
    "worker.joined": f.WorkerJoined(
        **WORKER,
        worker="worker-1",
        host="here",
        pid=4711,
        agents=("ruff", "bandit"),
        queues=("default", "reviews"),
    ),
    "worker.left": f.WorkerLeft(**WORKER, released=2),
    "worker.lost": f.WorkerLost(**WORKER, beat=99, lease_seconds=15.0),
    "breaker.opened": f.BreakerOpened(**BREAKER, until=LATER, failures=5),
    "breaker.half_opened": f.BreakerHalfOpened(**BREAKER, probes=1),
    "breaker.closed": f.BreakerClosed(**BREAKER, successes=3),
    "failure.alerted": f.FailureAlerted(
        **HERE,
        pattern_id=uuid(8),
        fingerprint="a1b2",
        agent="ruff",
        kind="exception",
        type="ValueError",
        pattern="no such thing: <n>",
        count=3,
        since=AT,
        window_seconds=300.0,
        task_id=uuid(1),
    ),
    "anomaly.raised": f.AnomalyRaised(
        **HERE,
        anomaly_id=uuid(10),
        agent="ruff",
        kind="code-review",
        type="latency_spike",
        value=6000.5,
        usual=1000.25,
        severity="critical",
        attempts=12,
        window_seconds=300.0,
    ),
    "anomaly.resolved": f.AnomalyResolved(
        **HERE,
        anomaly_id=uuid(10),
        agent="ruff",
        kind="code-review",
        type="latency_spike",
        value=1100.5,
        usual=1000.25,
        reason="usual_now",
    ),
    "outcome.rated": f.OutcomeRated(
        **HERE,
        outcome_id=uuid(9),
        task_id=uuid(1),
        attempt=2,
        agent="ruff",
        kind="code-review",
        quality=0.25,
        judge="ann",
        counts=0.5,
        ended_at=LATER,
        before=0.75,
        why="half of it was noise",
    ),
    "queue.paused": f.QueuePaused(**QUEUE),
    "queue.resumed": f.QueueResumed(**QUEUE),
    "queue.limited": f.QueueLimited(**QUEUE, limit=10),
}


def topic_of(reference: str) -> str:
    return reference.partition("+")[0]


def structs(value: Any) -> list[msgspec.Struct]:
    """A value and all values inside it that have fields."""
    match value:
        case msgspec.Struct():
            inside = [getattr(value, name) for name in value.__struct_fields__]
            return [value, *(found for each in inside for found in structs(each))]
        case tuple():
            return [found for each in value for found in structs(each)]
        case _:
            return []


def defaults() -> dict[str, dict[str, Any]]:
    """The defaults of every fact and of every value inside one, as JSON would tell them."""
    kinds = {type(found) for fact in REFERENCES.values() for found in structs(fact)}
    told = {
        kind.__name__: {
            field.name: _default(field)
            for field in msgspec.structs.fields(kind)
            if not field.required
        }
        for kind in sorted(kinds, key=lambda kind: kind.__name__)
    }
    return msgspec.json.decode(msgspec.json.encode(told))


def _default(field: msgspec.structs.FieldInfo) -> Any:
    made = field.default_factory is not msgspec.NODEFAULT
    return field.default_factory() if made else field.default

"""The question what a strategy would have earned since a moment, asked of the log."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from fnmatch import fnmatchcase

import msgspec

from arbiter.application.evaluation.history import Choice, choices, counted, judge
from arbiter.application.evaluation.logged import LoggedCandidate, LoggedDecision
from arbiter.application.evaluation.policies import policy_of
from arbiter.application.evaluation.report import Evaluation
from arbiter.application.evaluation.rewards import Rewarding
from arbiter.application.evaluation.support import NoSupport
from arbiter.application.ports import Log
from arbiter.domain.errors import ExtraMissing, InvalidInput
from arbiter.domain.rating import outcome_id
from arbiter.domain.routing import Strategy

PAGE = 500
ALL_KINDS = "*"


class Question(msgspec.Struct, frozen=True, kw_only=True):
    """Which strategy, by which decisions, for which reward."""

    strategy: Strategy
    since: datetime
    kind: str = ALL_KINDS
    """A kind, or a pattern of kinds."""

    reward: Rewarding = Rewarding()


class Verdict(msgspec.Struct, frozen=True, kw_only=True):
    """One kind, or all: what the strategy would have earned, or why the log cannot tell."""

    kind: str
    decisions: int
    evaluation: Evaluation | None = None
    refusal: str | None = None


class Judgement(msgspec.Struct, frozen=True, kw_only=True):
    """The answer to a question."""

    strategy: str
    strategy_version: int
    reward: str
    since: datetime
    decisions: int
    """Decisions that can be judged by."""

    left_out: int
    """Decisions that recorded nothing to judge by: of several able agents, one was taken for sure."""

    logged_by: Mapping[str, int]
    """By which strategies the log's decisions were made, how many by each."""

    ends: Mapping[str, int]
    """How their attempts ended."""

    all: Verdict
    kinds: Sequence[Verdict]
    """Each kind on its own, where there are several, by name."""


async def read_choices(log: Log, question: Question) -> list[Choice]:
    """Read the decisions a question is about, with what came of each."""
    found: list[Choice] = []
    after, known = 0, set()
    while page := await log.routed_since(question.since, after=after, limit=PAGE):
        after = page[-1][0]
        new = list(dict.fromkeys(task_id for _, task_id in page if task_id not in known))
        known.update(new)
        streams = await log.streams(new)
        chosen = {task_id: choices(streams[task_id]) for task_id in new}
        said = await log.streams(
            [
                outcome_id(task_id, choice.attempt)
                for task_id, all_of_it in chosen.items()
                for choice in all_of_it
                if choice.end == "completed"
            ]
        )
        for task_id, all_of_it in chosen.items():
            for choice in all_of_it:
                judge(choice, said.get(outcome_id(task_id, choice.attempt), ()))
        found.extend(
            choice
            for all_of_it in chosen.values()
            for choice in all_of_it
            if choice.at >= question.since and fnmatchcase(choice.kind, question.kind)
        )
    return found


def judged(found: Sequence[Choice], question: Question) -> Judgement:
    """Judge a strategy by decisions. Raises InvalidInput where there are none, and ExtraMissing.

    This may take seconds.
    """
    usable = [choice for choice in found if can_judge(choice)]
    if not usable:
        raise InvalidInput("since", *_nothing(found, question))
    reward = question.reward
    rewarded = [logged(choice, reward) for choice in usable]
    limits = reward.limits([each.reward for each in rewarded if each.reward is not None])
    names = sorted({each.kind for each in rewarded})
    by: dict[str, int] = {}
    for choice in usable:
        by[choice.decision.strategy] = by.get(choice.decision.strategy, 0) + 1
    return Judgement(
        strategy=question.strategy.name,
        strategy_version=question.strategy.version,
        reward=reward.reward,
        since=question.since,
        decisions=len(usable),
        left_out=len(found) - len(usable),
        logged_by=by,
        ends=counted(usable),
        all=_verdict(ALL_KINDS, rewarded, question, limits),
        kinds=[
            _verdict(name, [each for each in rewarded if each.kind == name], question, limits)
            for name in (names if len(names) > 1 else ())
        ],
    )


def can_judge(choice: Choice) -> bool:
    """Tell whether a decision left something to chance, and what a strategy would have looked at."""
    candidates = choice.decision.candidates
    return len(candidates) == 1 or (
        len(candidates) > 1 and all(each.features is not None for each in candidates)
    )


def logged(choice: Choice, reward: Rewarding) -> LoggedDecision:
    """Return a decision with its reward, as estimators take it."""
    return LoggedDecision(
        kind=choice.kind,
        candidates=tuple(
            LoggedCandidate(agent=each.agent, propensity=each.propensity, features=each.features)
            for each in choice.decision.candidates
        ),
        chosen=choice.agent,
        decisions=choice.decision.decisions,
        reward=reward.of(choice),
    )


def _verdict(
    kind: str,
    decisions: Sequence[LoggedDecision],
    question: Question,
    limits: tuple[float, float],
) -> Verdict:
    try:
        from arbiter.application.evaluation.evaluate import evaluate  # noqa: PLC0415 - an extra
    except ModuleNotFoundError:
        raise ExtraMissing("evaluating a strategy", "evaluation") from None
    try:
        found = evaluate(decisions, policy_of(question.strategy), reward_range=limits)
    except NoSupport as refused:
        return Verdict(kind=kind, decisions=len(decisions), refusal=str(refused))
    return Verdict(kind=kind, decisions=len(decisions), evaluation=found)


def _nothing(found: Sequence[Choice], question: Question) -> tuple[str, str]:
    of = "" if question.kind == ALL_KINDS else f" of kind {question.kind}"
    if not found:
        return (
            f"no decision{of} was made since {question.since.isoformat()}",
            "name an earlier moment",
        )
    by = ", ".join(sorted({choice.decision.strategy for choice in found}))
    return (
        f"all {len(found)} decisions{of} were made by {by}, which leaves nothing to chance",
        "let a strategy route first",
    )

"""The demo on a small folder: real tools, real workers, one of them killed, and what was learnt."""

import json
from io import StringIO

import pytest
from rich.console import Console

from arbiter import Settings, connect
from arbiter.domain import facts as f
from arbiter.domain.routing import replay
from arbiter.interfaces.demo.command import run

FILES = 24
BRANCHES = "".join(f"    if x == {n}:\n        return {n}\n" for n in range(12))
SOURCE = f"import subprocess\n\n\ndef branchy(x):\n    assert x\n{BRANCHES}"


@pytest.fixture
def folder(tmp_path):
    for number in range(FILES):
        (tmp_path / f"reviewed_{number}.py").write_text(SOURCE)
    return tmp_path


def test_rivals_are_routed_rated_and_priced_and_a_second_run_remembers(database, folder, capsys):
    settings = Settings(database_url=database.dsn)
    first, said = demo(settings, folder, capsys)
    assert (first["tasks"], first["completed"], first["failed"]) == (3 * FILES, 3 * FILES, 0)
    assert "the router knows nothing of the reviewers yet" in said
    assert "killed (SIGKILL)" in said

    kinds = {contest["kind"]: contest for contest in first["contests"]}
    assert list(kinds) == ["review.security", "review.complexity"]
    for contest in kinds.values():
        assert contest["spans"] == [[1, FILES]]
        reviewers = contest["reviewers"].values()
        assert sum(each["shares"][0] for each in reviewers) == pytest.approx(1, abs=0.01)
        assert sum(each["reviews"] for each in reviewers) == FILES
        assert all(each["rated"] == each["reviews"] for each in reviewers)
        assert all(each["cpu_seconds"] > 0 for each in reviewers if each["reviews"])
    security = kinds["review.security"]["reviewers"]
    assert {security[name]["quality"] for name in security} <= {0.5, 1.0, None}  # B404 has no twin

    _, said = demo(settings, folder, capsys)
    assert f"the router remembers {3 * FILES} reviews of earlier runs" in said
    with connect(database.dsn) as arbiter:
        log = [
            told.fact for told in arbiter.core.run(lambda service: service.store.log.read(0, 10**4))
        ]
    routed = [fact for fact in log if isinstance(fact, f.TaskRouted)]
    drawn = [fact for fact in routed if fact.decision.draw is not None]
    assert all(replay(fact.decision) == fact.agent for fact in drawn)
    assert len(drawn) >= FILES
    ratings = [fact for fact in log if isinstance(fact, f.OutcomeRated)]
    assert len(ratings) == 4 * FILES
    assert {fact.judge for fact in ratings} <= {"bandit", "ruff-S", "radon", "ruff-C901"}


def demo(settings, folder, capsys):
    """Run it; return what it says to programs, and what it says meanwhile to people."""
    screen = StringIO()
    code = run(folder, settings=settings, json=True, console=Console(file=screen, width=200))
    assert code == 0, screen.getvalue()
    return json.loads(capsys.readouterr().out.splitlines()[-1]), screen.getvalue()

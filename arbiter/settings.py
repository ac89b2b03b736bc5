"""Everything that can be set, as one frozen value, built once and passed down."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from difflib import get_close_matches
from pathlib import Path
from typing import Annotated, Any

from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    SecretStr,
    ValidationError,
    model_validator,
)

from arbiter.application.routing import Routing, RoutingTable, over
from arbiter.domain.breaker import MOST_FAILURES, Policy
from arbiter.domain.errors import InvalidInput
from arbiter.domain.failures import KEPT, AlertPolicy

PREFIX = "ARBITER_"
FILE_VARIABLE = "ARBITER_CONFIG"
ELSEWHERE = frozenset(
    {
        FILE_VARIABLE,
        "ARBITER_TEST_DSN",
        "ARBITER_TEST_IMAGE",
        "ARBITER_TEST_DATABASE",
        "ARBITER_PG_BIN",
    }
)
"""Variables of the same prefix that are not settings."""

Seconds = Annotated[float, Field(gt=0, le=365 * 86400)]


ADDRESS = r"^(\[[0-9A-Fa-f:.]+\]|[^\s:/\[\]]+):\d{1,5}$"


def _words(value: Any) -> Any:
    return tuple(word.strip() for word in value.split(",")) if isinstance(value, str) else value


Words = Annotated[tuple[Annotated[str, Field(min_length=1)], ...], BeforeValidator(_words)]


class Settings(BaseModel):
    """What an Arbiter needs to know; a default for everything."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    database_url: SecretStr | None = None
    """Connection string of a PostgreSQL 15 or newer; without one, an embedded server starts."""

    listen_url: SecretStr | None = None
    """Connection string that goes around a pooler, for LISTEN; only with `pooled`."""

    pooled: bool = False
    """A transaction pooler (PgBouncer) stands between."""

    schema_name: Annotated[
        str, Field(alias="schema", pattern=r"^[A-Za-z_][A-Za-z0-9_-]{0,62}$")
    ] = "arbiter"

    embedded_dir: Path | None = None
    """Where the embedded server keeps its data; the user's data folder by default."""

    pg_bin: Path | None = None
    """Folder of other PostgreSQL programs for the embedded server."""

    worker: str = ""
    """A name for this worker in facts and listings; host and process id by default."""

    queues: Words = ("default",)
    concurrency: Annotated[int, Field(ge=1, le=10_000)] = 10
    """Tasks one worker runs at a time, over all its agents."""

    beat_seconds: Seconds = 5.0
    lease_seconds: Seconds = 30.0
    """A worker silent for so long is lost, and its tasks are rescued."""

    poll_seconds: Seconds = 30.0
    """How often to look without having been told; behind a pooler without listen_url, much more often."""

    drain_seconds: Annotated[float, Field(ge=0, le=86400)] = 30.0
    """How long a stopping worker lets its handlers finish."""

    payload_limit: Annotated[int, Field(ge=1024, le=64 * 1024 * 1024)] = 256 * 1024
    """Bytes of JSON a payload, result or checkpoint may have."""

    callback_listen: Annotated[str, Field(pattern=ADDRESS)] | None = None
    """host:port where a worker takes in the answers of agents behind HTTP; port 0 for any that is free."""

    callback_url: Annotated[str, Field(pattern=r"^https?://[^\s?#@/]+(/[^\s?#]*)?$")] | None = None
    """The URL under which those agents reach that listener; http://host:port by default."""

    stats_seconds: Seconds = 30.0
    """How often orchestrator.stats, health and performance are told to listeners."""

    breaker_failures: Annotated[int, Field(ge=1, le=MOST_FAILURES)] = 5
    """An agent that fails so often in a row, within the window, gets no more tasks for a while."""

    breaker_window_seconds: Seconds = 300.0
    breaker_open_seconds: Seconds = 60.0
    """For how long; then a few tasks try it out."""

    breaker_probes: Annotated[int, Field(ge=1, le=1_000)] = 1
    """How many such tasks may be under way at a time, over all workers."""

    breaker_successes: Annotated[int, Field(ge=1, le=1_000)] = 3
    """After so many that succeed it gets tasks like any other; one that fails opens it again."""

    alert_times: Annotated[int, Field(ge=1, le=KEPT)] = 3
    """The same failure pattern, so often within its window, raises an alert."""

    alert_window_seconds: Seconds = 300.0
    alert_quiet_seconds: Annotated[float, Field(ge=0, le=365 * 86400)] = 300.0
    """How long after an alert the same pattern raises no other."""
    agent_limit: Annotated[int, Field(ge=1, le=100_000)] = 1000
    """Agents that may be registered at a time, retired ones left out."""

    agent_stale_seconds: Seconds = 86400.0
    """An agent that nobody has met for so long is taken as offline; looked after once an hour."""

    projector: bool = True
    """Build the read models in the worker."""

    routing: RoutingTable = Field(default_factory=Routing)
    """Which strategy chooses the agent; one name, or a table with rules for kinds."""

    @model_validator(mode="after")
    def _fit_together(self) -> Settings:
        if self.lease_seconds < 2 * self.beat_seconds:
            raise ValueError(
                f"lease_seconds: {self.lease_seconds:g} is too short for a beat every"
                f" {self.beat_seconds:g} s; must be at least twice beat_seconds"
            )
        return self

    @property
    def breaker_policy(self) -> Policy:
        """When breakers open and close."""
        return Policy(
            failures=self.breaker_failures,
            window_seconds=self.breaker_window_seconds,
            open_seconds=self.breaker_open_seconds,
            probes=self.breaker_probes,
            successes=self.breaker_successes,
        )

    @property
    def alert_policy(self) -> AlertPolicy:
        """When a failure pattern is worth an alert."""
        return AlertPolicy(
            times=self.alert_times,
            window_seconds=self.alert_window_seconds,
            quiet_seconds=self.alert_quiet_seconds,
        )

    @property
    def dsn(self) -> str | None:
        """The connection string, in clear; for connecting, never for showing."""
        return self.database_url.get_secret_value() if self.database_url is not None else None

    @classmethod
    def of(cls, values: Mapping[str, Any], source: str = "settings") -> Settings:
        """Check plain values; raises InvalidInput that names the setting and what would be right."""
        for name in values:
            if name not in NAMES:
                near = get_close_matches(name, NAMES, n=1)
                hint = (
                    f"did you mean {near[0]!r}?"
                    if near
                    else f"known are {', '.join(sorted(NAMES))}"
                )
                raise InvalidInput(name, f"unknown setting in {source}", hint)
        try:
            return cls.model_validate(dict(values))
        except ValidationError as wrong:
            raise _refusal(wrong, source) from None

    @classmethod
    def from_env(cls, environ: Mapping[str, str]) -> Settings:
        """Read ARBITER_* variables, over the TOML file that ARBITER_CONFIG names, if it names one.

        An empty variable says nothing: that is how compose files hand on what nobody has set.
        """
        named = environ.get(FILE_VARIABLE)
        values = read_file(Path(named)) if named else {}
        for variable, value in environ.items():
            name = variable.removeprefix(PREFIX).lower()
            is_said = bool(value) or name not in NAMES
            if variable.startswith(PREFIX) and variable not in ELSEWHERE and is_said:
                values[name] = over(values.get(name), value)
        return cls.of(values, "the environment" if not named else f"the environment or {named}")

    @classmethod
    def from_file(cls, path: Path) -> Settings:
        """Read a TOML file: the settings at its top, or in a table [arbiter]."""
        return cls.of(read_file(path), str(path))


NAMES = frozenset(field.alias or name for name, field in Settings.model_fields.items())


def read_file(path: Path) -> dict[str, Any]:
    """Read settings from TOML; raises InvalidInput with the place of a mistake."""
    try:
        parsed = tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise InvalidInput(str(path), f"cannot be read: {error.strerror}") from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise InvalidInput(str(path), f"not TOML: {error}") from None
    table = parsed.get("arbiter", parsed)
    if not isinstance(table, dict):
        raise InvalidInput(f"{path}: arbiter", "is not a table", "write [arbiter]")
    return dict(table)


def _refusal(wrong: ValidationError, source: str) -> InvalidInput:
    first = wrong.errors()[0]
    field = ".".join(str(part) for part in first["loc"]) or "settings"
    return InvalidInput(f"{field} (in {source})", first["msg"].removeprefix("Value error, "))

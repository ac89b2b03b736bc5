"""What one look has found."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Literal

import msgspec

Verdict = Literal["ok", "warning", "problem"]


class Check(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One thing that was looked at."""

    name: str
    verdict: Verdict
    told: str
    advice: str = ""
    """What to do about it; nothing where all is well."""


def ok(name: str, told: str) -> Check:
    """All is well."""
    return Check(name=name, verdict="ok", told=told)


def warning(name: str, told: str, advice: str) -> Check:
    """It works, and somebody should know."""
    return Check(name=name, verdict="warning", told=told, advice=advice)


def problem(name: str, told: str, advice: str) -> Check:
    """It does not do what it promises."""
    return Check(name=name, verdict="problem", told=told, advice=advice)


def worst(checks: Iterable[Check]) -> Verdict:
    """Return the gravest verdict."""
    found = {check.verdict for check in checks}
    return "problem" if "problem" in found else "warning" if "warning" in found else "ok"

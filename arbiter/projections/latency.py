"""Spans of time counted in buckets, so that percentiles of a million cost as much as those of ten."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from math import ceil, log

ERROR = 0.05
"""A percentile read from buckets is at most this share off the true one."""

_GROWTH = (1 + ERROR) / (1 - ERROR)
_LOG_GROWTH = log(_GROWTH)
_MICROSECOND = timedelta(microseconds=1)


def bucket_of(microseconds: int) -> int:
    """Return the bucket of a span; 0 holds everything up to one microsecond, and less."""
    return ceil(log(microseconds) / _LOG_GROWTH - 1e-9) if microseconds > 1 else 0


def milliseconds_of(bucket: int) -> float:
    """Return the span that is at most ERROR off every span of the bucket."""
    return 2 * _GROWTH**bucket / (_GROWTH + 1) / 1000 if bucket else 0.001


def microseconds(span: timedelta) -> int:
    """Return a span in whole microseconds."""
    return span // _MICROSECOND


def percentile(share: float, spans: Mapping[int, int]) -> float | None:
    """Return the milliseconds that this share of the counted spans stays within; None of nothing."""
    total = sum(spans.values())
    if total == 0:
        return None
    rank = max(1, ceil(share * total - 1e-9))
    seen = 0
    for bucket in sorted(spans):
        seen += spans[bucket]
        if seen >= rank:
            return milliseconds_of(bucket)
    raise AssertionError("unreachable: the ranks end with the total")

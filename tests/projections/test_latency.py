"""Percentiles read from buckets keep to the error they state."""

from math import ceil
from random import Random

import pytest

from arbiter.projections.latency import ERROR, bucket_of, milliseconds_of, percentile


def counted(spans):
    buckets = {}
    for span in spans:
        buckets[bucket_of(span)] = buckets.get(bucket_of(span), 0) + 1
    return buckets


@pytest.mark.parametrize("span", [2, 3, 7, 999, 1_000, 10**6, 3_600 * 10**6, 10**13])
def test_a_bucket_stands_for_its_spans(span):
    assert milliseconds_of(bucket_of(span)) == pytest.approx(span / 1000, rel=ERROR + 1e-9)


def test_nothing_and_less_is_the_first_bucket():
    assert bucket_of(1) == bucket_of(0) == bucket_of(-5) == 0


@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize("share", [0.5, 0.95, 0.99])
def test_percentiles_are_as_close_as_stated(seed, share):
    random = Random(seed)
    spans = sorted(round(random.lognormvariate(9, 2)) + 2 for _ in range(2_000))
    true = spans[ceil(share * len(spans)) - 1] / 1000
    assert percentile(share, counted(spans)) == pytest.approx(true, rel=ERROR + 1e-9)


def test_buckets_rise_with_spans():
    buckets = [bucket_of(span) for span in range(1, 20_000)]
    assert buckets == sorted(buckets)


def test_nothing_has_no_percentiles():
    assert percentile(0.5, {}) is None


def test_one_span_is_every_percentile():
    one = counted([5_000])
    assert percentile(0.5, one) == percentile(0.99, one) == pytest.approx(5, rel=ERROR)

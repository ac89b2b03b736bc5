from __future__ import annotations

import pytest

from arbiter.domain import transports
from arbiter.domain.errors import InvalidInput
from arbiter.domain.facts import Transport

URL = "https://agents.example/reviewer"


def test_a_remote_agent_needs_a_url_and_nothing_else():
    assert transports.http(URL) == Transport(type="http", url=URL)


def test_a_program_needs_a_command_and_nothing_else():
    made = transports.subprocess(["reviewer", "--json"])
    assert made == Transport(type="subprocess", command=("reviewer", "--json"))


@pytest.mark.parametrize(
    "url", [URL, "http://127.0.0.1:8000", "http://[::1]:80/a?b=c", "https://ä.example/x"]
)
def test_http_and_https_urls_are_taken(url):
    assert transports.http(url).url == url


@pytest.mark.parametrize(
    ("url", "why"),
    [
        (None, "is no URL"),
        ("", "is no URL"),
        (7, "is no URL"),
        ("agents.example", "is no http or https URL"),
        ("ftp://agents.example", "is no http or https URL"),
        ("https://", "is no http or https URL"),
        ("https://agents.example:70000", "is no URL: Port out of range"),
        ("https://[agents", "is no URL"),
        ("https://agents.example/a b", "is no http or https URL"),
        ("https://agents.example/\nx", "is no URL"),
        ("https://ann:secret@agents.example", "which facts keep for ever"),
        ("https://agents.example/#top", "has a fragment"),
        ("https://agents.example/" + "x" * 3000, "is no URL"),
    ],
)
@pytest.mark.parametrize("field", ["url", "health_url"])
def test_any_other_url_is_refused(field, url, why):
    if field == "health_url" and url is None:
        return
    with pytest.raises(InvalidInput) as no:
        transports.http(**({"url": URL} | {field: url}))
    assert no.value.field == field
    assert why in str(no.value)
    assert "\n" not in str(no.value)


@pytest.mark.parametrize("field", ["timeout_seconds", "callback_seconds"])
@pytest.mark.parametrize("seconds", [0, -1, float("inf"), float("nan"), True, "5", 1e12])
def test_a_time_must_be_one(field, seconds):
    with pytest.raises(InvalidInput, match=f"^{field}: .* is no time to wait"):
        transports.http(URL, **{field: seconds})


def test_an_unsupported_transport_is_refused_by_name():
    with pytest.raises(InvalidInput, match=r"transport\.type: 'pigeon' is not supported; one of"):
        transports.checked(Transport(type="pigeon"))


@pytest.mark.parametrize(
    ("transport", "field"),
    [
        (Transport(type="in_process", url=URL), "url"),
        (Transport(type="in_process", command=("a",)), "command"),
        (Transport(type="subprocess", command=("a",), url=URL), "url"),
        (Transport(type="subprocess", command=("a",), secret_env="X"), "secret_env"),
        (Transport(type="http", url=URL, command=("a",)), "command"),
        (Transport(type="http", url=URL, directory="/"), "directory"),
    ],
)
def test_what_means_nothing_for_a_transport_is_refused(transport, field):
    with pytest.raises(InvalidInput) as no:
        transports.checked(transport)
    assert no.value.field == f"transport.{field}"

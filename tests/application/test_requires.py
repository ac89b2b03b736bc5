"""What a task requires is a list of abilities, each of them one."""

import pytest

from arbiter.application.door import submission
from arbiter.domain.errors import InvalidInput


def test_one_ability_or_several_may_be_named():
    command = submission("review", requires={"languages": "c++ 20", "specializations": ["a", "b"]})
    assert command.requires == {"languages": ("c++ 20",), "specializations": ("a", "b")}


@pytest.mark.parametrize("ability", ["", "python\x1flanguages:sql", "python\nsql", "a\x00", "\x7f"])
def test_an_ability_that_could_be_read_as_two_is_refused(ability):
    with pytest.raises(InvalidInput, match="requires"):
        submission("review", requires={"languages": [ability]})

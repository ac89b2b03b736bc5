"""Keys stay in order whatever is added and removed."""

from hypothesis import given
from hypothesis import strategies as st

from arbiter.infrastructure.memory.ordered import Ordered

KEYS = st.integers(0, 30).map(lambda number: (number,))


@given(st.lists(st.tuples(st.sampled_from(["add", "remove", "take"]), KEYS), max_size=200))
def test_it_is_what_a_sorted_list_would_be(changes):
    keys, model = Ordered(trim_at=3), []
    for change, key in changes:
        if change == "add" and key not in model:
            keys.add(key)
            model = sorted([*model, key])
        elif change == "remove" and key in model:
            keys.remove(key)
            model.remove(key)
        elif change == "take" and model:
            keys.remove(model.pop(0))
        assert list(keys) == model
        assert len(keys) == len(model)
        assert keys.first() == (model[0] if model else None)


def test_an_empty_one_is_false():
    keys = Ordered()
    assert not keys
    keys.add((1,))
    assert keys

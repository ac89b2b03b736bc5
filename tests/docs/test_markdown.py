"""The reader of Markdown blocks, on a page that holds every remark it knows."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.docs import markdown
from tests.docs.markdown import blocks, commands

PAGE = """\
Some words.

```python
first = 1
```

<!-- continues -->
```python
print(first)
```

<!-- not run: needs a cluster -->

```console
$ arbiter serve
```

1. In a list:

   <!-- exit: 3 -->
   ```console
   $ make demo
   $ arbiter submit greet \\
       '{}'
   refused
   ```

<!-- not run: a remark belongs to the next block only -->
Words in between.

````text
```
````
"""


@pytest.fixture
def found(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> list[markdown.Block]:
    monkeypatch.setattr(markdown, "ROOT", tmp_path)
    page = tmp_path / "page.md"
    page.write_text(PAGE, encoding="utf-8")
    return list(blocks(page))


def test_blocks_are_named_by_page_and_line(found: list[markdown.Block]):
    assert [block.name for block in found] == [f"page.md:{n}" for n in (3, 8, 14, 21, 31)]


def test_a_remark_speaks_of_the_next_block_only(found: list[markdown.Block]):
    assert [block.continues for block in found] == [False, True, False, False, False]
    assert [block.not_run for block in found] == [None, None, "needs a cluster", None, None]
    assert [block.exit_code for block in found] == [0, 0, 0, 3, 0]


def test_the_commands_of_a_block_are_those_of_arbiter(found: list[markdown.Block]):
    assert commands(found[3]) == ["arbiter submit greet      '{}'"]


def test_a_longer_fence_holds_a_shorter_one(found: list[markdown.Block]):
    assert found[4].source == "```\n"

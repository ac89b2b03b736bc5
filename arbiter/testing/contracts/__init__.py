"""What every adapter of a port promises, as suites that an adapter's tests subclass."""

from pkgutil import iter_modules

import pytest

# Suites are imported, not collected: without this an assert would not tell what it saw.
pytest.register_assert_rewrite(*(f"{__name__}.{suite.name}" for suite in iter_modules(__path__)))

"""Finds the agents that a module declares."""

from __future__ import annotations

import sys
import traceback
from difflib import get_close_matches
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from types import ModuleType

from arbiter.bootstrap.declaring import Declaring
from arbiter.domain.errors import InvalidInput

EXAMPLE = "write MODULE or MODULE:NAME, like tasks or shop.tasks:arbiter"
USUAL_NAME = "arbiter"


def declared(word: str) -> Declaring:
    """Import a module, from the working folder too, and return the Arbiter it declares agents on.

    Raises InvalidInput.
    """
    module_name, colon, name = word.partition(":")
    if module_name.endswith(".py") or "/" in module_name:
        parts = [part for part in Path(module_name).with_suffix("").parts if part.isidentifier()]
        raise InvalidInput("MODULE", f"{word!r} is a file", f"name the module: {'.'.join(parts)}")
    if not all(part.isidentifier() for part in module_name.split(".")) or (colon and not name):
        raise InvalidInput("MODULE", f"{word!r} is no name of a module", EXAMPLE)
    module = _imported(module_name)
    return _named(module, name) if name else _only(module)


def see_working_folder() -> str:
    """Let modules of the working folder be imported; return the folder."""
    here = str(Path.cwd())
    if here not in sys.path:
        sys.path.insert(0, here)
    return here


def _imported(name: str) -> ModuleType:
    here = see_working_folder()
    try:
        known = find_spec(name) is not None
    except ModuleNotFoundError:
        known = False
    except Exception as error:
        raise InvalidInput("MODULE", _where(error, name)) from error
    if not known:
        raise InvalidInput(
            "MODULE", f"there is no module {name!r} in {here} or on the path", EXAMPLE
        )
    try:
        return import_module(name)
    except Exception as error:
        raise InvalidInput("MODULE", _where(error, name)) from error


def _named(module: ModuleType, name: str) -> Declaring:
    found = getattr(module, name, None)
    if isinstance(found, Declaring):
        return found
    known = _arbiters(module)
    near = get_close_matches(name, known, n=1) or known[:1]
    hint = f"did you mean {module.__name__}:{near[0]}?" if near else "make one with connect()"
    what = "has no" if found is None else "is no Arbiter:"
    raise InvalidInput("MODULE", f"{module.__name__} {what} {name!r}", hint)


def _only(module: ModuleType) -> Declaring:
    known = _arbiters(module)
    if USUAL_NAME in known:
        return _named(module, USUAL_NAME)
    if len({id(getattr(module, name)) for name in known}) == 1:
        return _named(module, known[0])
    if not known:
        raise InvalidInput(
            "MODULE",
            f"{module.__name__} declares no agents",
            "make an Arbiter with connect() and declare them with @arbiter.agent(…)",
        )
    options = " or ".join(f"{module.__name__}:{name}" for name in known)
    raise InvalidInput("MODULE", f"{module.__name__} has several Arbiters", f"name one: {options}")


def _arbiters(module: ModuleType) -> list[str]:
    return [name for name, value in vars(module).items() if isinstance(value, Declaring)]


def _where(error: BaseException, name: str) -> str:
    """Tell in one line what a module of the user does wrong, and where."""
    said = " ".join(str(error).split())
    place = ""
    if isinstance(error, SyntaxError) and error.filename:
        place = f" ({Path(error.filename).name}, line {error.lineno})"
        said = error.msg
    elif theirs := [
        frame for frame in traceback.extract_tb(error.__traceback__) if _is_theirs(frame)
    ]:
        place = f" ({Path(theirs[-1].filename).name}, line {theirs[-1].lineno})"
    return f"importing {name} failed: {type(error).__name__}: {said}{place}"


def _is_theirs(frame: traceback.FrameSummary) -> bool:
    path = Path(frame.filename)
    return path.is_relative_to(Path.cwd()) and "site-packages" not in path.parts

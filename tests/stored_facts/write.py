"""Writes the golden bytes, and the defaults, that are not there yet: python -m tests.stored_facts.write

What is there stays as it is: a stored fact is never rewritten.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

from arbiter.domain.facts import encode
from tests.stored_facts.references import REFERENCES, defaults

GOLDEN = Path(__file__).parent / "golden"
DEFAULTS = Path(__file__).parent / "defaults.json"


def golden(reference: str) -> Path:
    return GOLDEN / f"{reference}.json"


def main() -> None:
    GOLDEN.mkdir(exist_ok=True)
    for reference, fact in REFERENCES.items():
        if not golden(reference).exists():
            golden(reference).write_bytes(encode(fact) + b"\n")
            sys.stdout.write(f"wrote {golden(reference).name}\n")
    known = json.loads(DEFAULTS.read_text()) if DEFAULTS.exists() else {}
    both = {kind: fields | known.get(kind, {}) for kind, fields in defaults().items()}
    DEFAULTS.write_text(json.dumps(known | both, indent=1, sort_keys=True) + "\n")


if __name__ == "__main__":
    main()

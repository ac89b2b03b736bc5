"""What a client asks a new supervisor for, in a form that fits on a command line."""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Self


@dataclass(frozen=True)
class Order:
    """Which server to run, where, and how."""

    state: str
    major: int
    binaries: str
    durable: bool
    settings: Mapping[str, str]
    leave_root: str
    patience: float

    def as_json(self) -> str:
        return json.dumps(asdict(self))

    @classmethod
    def from_json(cls, text: str) -> Self:
        return cls(**json.loads(text))

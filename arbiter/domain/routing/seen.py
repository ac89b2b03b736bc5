"""What a strategy may look at; it is stored with each decision, so it lives beside the facts."""

from arbiter.domain.facts.parts import Seen

__all__ = ["Seen"]

"""What a caller must know when PostgreSQL cannot be embedded here."""

from arbiter.domain.errors import ArbiterError


class EmbeddedUnavailable(ArbiterError):
    """The embedded PostgreSQL cannot run here; the sentence says why and what would be right."""

    code = "embedded_unavailable"

    def __init__(self, reason: str) -> None:
        super().__init__(f"embedded PostgreSQL: {reason}")
        self.reason = reason

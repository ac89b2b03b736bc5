"""`arbiter agents evaluate`: what another strategy would have earned."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Annotated, Any

import typer

from arbiter.domain.errors import InvalidInput
from arbiter.interfaces.cli import exits
from arbiter.interfaces.cli.reading import moment
from arbiter.interfaces.cli.session import Session
from arbiter.interfaces.cli.verb import verb


@verb("evaluate")
def evaluate(
    session: Session,
    *,
    strategy: Annotated[
        str,
        typer.Option(
            "--strategy",
            metavar="NAME",
            help="epsilon_greedy, thompson, capability_match, least_loaded or weighted.",
        ),
    ],
    since: Annotated[
        str,
        typer.Option("--since", metavar="TIME", help="From when on: a moment, or 2d for days ago."),
    ] = "7d",
    kind: Annotated[
        str | None,
        typer.Option("--kind", metavar="KIND", help="Tasks of this kind; review.* for several."),
    ] = None,
    reward: Annotated[
        str,
        typer.Option("--reward", metavar="WHAT", help="success, quality or utility."),
    ] = "success",
    price: Annotated[
        float,
        typer.Option("--price", metavar="N", help="What one unit of cost takes from the utility."),
    ] = 1.0,
    parameter: Annotated[
        list[str] | None,
        typer.Option("--set", metavar="NAME=VALUE", help="A parameter of the strategy."),
    ] = None,
) -> int:
    """Estimate from the log what another strategy would have earned; refuse where it cannot tell."""
    begins = moment(since, "--since", ago=True)
    told: Any = reward
    with session.arbiter() as arbiter:
        found = arbiter.agents.evaluate(
            strategy,
            since=begins,
            kind=kind,
            reward=told,
            price=price,
            parameters=_parameters(parameter or ()),
        )

    def show(out: Any) -> None:
        from arbiter.interfaces.cli.showing import judged

        judged.judgement(out, found)

    session.answer(found, show)
    return exits.OK if found.all.refusal is None else exits.REFUSED


def _parameters(said: Sequence[str]) -> Mapping[str, object]:
    """Read `floor=0.05`: a number or true and false, as JSON has them."""
    import msgspec

    found = {}
    for each in said:
        name, sign, value = each.partition("=")
        try:
            found[name.strip()] = msgspec.json.decode(value)
        except msgspec.DecodeError:
            sign = ""
        if not sign or not name.strip():
            raise InvalidInput("--set", f"{each!r} sets nothing", "write it like floor=0.05")
    return found

"""What the worst texts cost that others can write, each at the largest size that is let through."""

from rich.console import Console

from bench.figures import Figure
from support.growth import PARSERS

_SHOWN = 8


def measure(console: Console) -> list[Figure]:
    """The costliest ones, in milliseconds of processor time."""
    console.print(f"{len(PARSERS)} parsers, each with its worst text at full size", style="dim")
    costs = {name: parser.seconds(parser.full) * 1000 for name, parser in PARSERS.items()}
    worst = sorted(costs, key=costs.__getitem__, reverse=True)[:_SHOWN]
    return [Figure(f"the worst text: {name}", costs[name], "ms") for name in worst]

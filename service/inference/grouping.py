"""Which texts to run together, so that short ones are not padded to a long one's length."""

from __future__ import annotations

from collections.abc import Sequence


def groups(
    sizes: Sequence[int], *, overhead: int, largest: int, area: int | None = None
) -> list[list[int]]:
    """Places of ``sizes`` in groups of like size, the cheapest division in all.

    A group costs ``overhead`` plus its number times its greatest size, since the model runs on a
    rectangle; ``overhead`` is in the unit of the sizes. A group has at most ``largest`` members and
    a rectangle of at most ``area``, unless one member alone is larger. Smaller sizes come first,
    and equal ones in the order given. Dynamic programming, n × ``largest`` steps.
    """
    order = sorted(range(len(sizes)), key=sizes.__getitem__)
    costs, starts = [0], [0]
    for end in range(1, len(order) + 1):
        longest = max(1, sizes[order[end - 1]])
        fits = largest if area is None else max(1, min(largest, area // longest))
        costs_here = [
            (costs[start] + overhead + (end - start) * longest, start)
            for start in range(max(0, end - fits), end)
        ]
        cost, start = min(costs_here)
        costs.append(cost)
        starts.append(start)
    found: list[list[int]] = []
    end = len(order)
    while end:
        found.append(order[starts[end] : end])
        end = starts[end]
    return found[::-1]

"""Splits over connected groups of people: nobody, and no clip or distorted copy of it, is in two of them.

Two people belong to one group when a comparison shows them together, or a chain of such comparisons leads from one to
the other; a clip belongs to the group of its subjects, of the clips that it is compared with, and of the clip that it
was made from. Whole groups go to a split, the largest first, each to the split that is furthest below what was asked
for. The method is our own choice; greedy filling in falling order is the usual heuristic for such partitions
(Graham's LPT rule). The result depends on the groups and the seed alone, not on the order of the input.

Comparisons that are reserved for tests are in the test split or in none. A group of nothing else goes there; one that
has others too goes there while the split has room for it, as a whole: taking the reserved ones alone would take their
people into two splits. What cannot be there is left out, and counted.
"""

import hashlib
from collections import Counter
from collections.abc import Container, Iterable, Mapping
from dataclasses import dataclass

from .errors import ReleaseError

TEST = "test"
SPLIT_NAMES = {1: ("train",), 2: ("train", "test"), 3: ("train", "validation", "test")}

# A split that misses what was asked for by more than this share of all comparisons is worth a warning.
TOLERANCE = 0.05


def parse_splits(text: str) -> dict[str, int]:
    """Read proportions such as `80/10/10`.

    Args:
        text: One, two or three whole numbers joined by slashes that add up to 100: train; train/test;
            train/validation/test.

    Returns:
        Percent by name of split; a split of 0 is left out.

    Raises:
        ReleaseError: The text is anything else.
    """
    parts = text.split("/")
    if len(parts) not in SPLIT_NAMES or not all(part.isascii() and part.isdigit() for part in parts):
        raise ReleaseError(f"Splits are written like 80/10/10 (train/validation/test), not {text!r}.")
    percents = [int(part) for part in parts]
    if sum(percents) != 100 or percents[0] == 0:
        raise ReleaseError(f"The splits {text} must add up to 100, with something for train.")
    return {name: percent for name, percent in zip(SPLIT_NAMES[len(parts)], percents, strict=True) if percent}


class Groups:
    """Connected groups of people and clips, found by union-find; about 150 bytes for each person and clip."""

    def __init__(self) -> None:
        self._parent: dict[str, str] = {}
        self._weight: Counter[str] = Counter()
        self._reserved: Counter[str] = Counter()

    def add_clip(self, clip: str, *, subjects: Iterable[str], source: str | None = None) -> None:
        """Add a clip with the people in it and the clip that it was made from."""
        self._join(_clip(clip), *map(_person, subjects))
        if source is not None:
            self._join(_clip(clip), _clip(source))

    def add_comparison(
        self, clip_a: str, clip_b: str, *, people: Iterable[str] = (), reserved: bool = False
    ) -> None:
        """Add a comparison; it counts for the size of its group. `reserved`: it is for the test split alone."""
        self._join(_clip(clip_a), _clip(clip_b), *map(_person, people))
        # Weights of members move to the roots when everything is joined.
        self._weight[_clip(clip_a)] += 1
        self._reserved[_clip(clip_a)] += reserved

    def add_person(self, person: str) -> None:
        """Add somebody who may be in no clip at all."""
        self._find(_person(person))

    def _join(self, first: str, *others: str) -> None:
        root = self._find(first)
        for other in others:
            self._parent[self._find(other)] = root

    def _find(self, node: str) -> str:
        parent = self._parent
        if node not in parent:
            parent[node] = node
            return node
        while parent[node] != node:
            parent[node] = parent[parent[node]]  # Halve the path, so that later look-ups are short.
            node = parent[node]
        return node

    def assign(self, requested: Mapping[str, int], *, seed: int) -> "Splits":
        """Give every group to one split.

        Args:
            requested: Percent by name of split, as `parse_splits` returns it.
            seed: Decides between groups of equal size.
        """
        weights, names, people, reserved = self._sizes()

        def rank(root: str) -> tuple[bool, bool, int, bytes]:
            mixed = reserved[root] < weights[root]
            return mixed or not reserved[root], not reserved[root], -weights[root], _rank(seed, names[root])

        order = sorted(weights, key=rank)
        total = sum(weights.values())
        filled = dict.fromkeys(requested, 0)
        members: dict[str, list[str]] = {name: [] for name in requested}
        for root in order:
            name = max(requested, key=lambda name: requested[name] / 100 * total - filled[name])
            if reserved[root] and TEST in requested:
                has_room = filled[TEST] + weights[root] <= requested[TEST] / 100 * total
                name = TEST if has_room or reserved[root] == weights[root] else name
            members[name].append(root)
            filled[name] += weights[root] - (0 if name == TEST else reserved[root])
        _fill_empty(requested, members, filled, weights, fixed=reserved.keys())
        of_root = {root: name for name, roots in members.items() for root in roots}
        largest = max(order, key=lambda root: weights[root], default=None)
        used = {root for root in order if weights[root] - (0 if of_root[root] == TEST else reserved[root])}
        return Splits(
            requested=dict(requested),
            comparisons=filled,
            people={
                name: sum(people[root] for root in roots if root in used or not weights[root])
                for name, roots in members.items()
            },
            groups=len(used),
            seed=seed,
            warning=_warning(
                requested,
                filled,
                groups=len(used),
                largest=(weights[largest], people[largest]) if largest else (0, 0),
            ),
            reserved_left_out=sum(reserved[root] for root in order if of_root[root] != TEST),
            _of={node: of_root[self._find(node)] for node in self._parent},
        )

    def _sizes(self) -> tuple[dict[str, int], dict[str, str], Counter[str], Counter[str]]:
        """For each group by its root: comparisons, a name that does not depend on the input's order, people, reserved.

        The last are of the comparisons, too.
        """
        weights: dict[str, int] = {}
        names: dict[str, str] = {}
        people: Counter[str] = Counter()
        reserved: Counter[str] = Counter()
        for node in self._parent:
            root = self._find(node)
            weights[root] = weights.get(root, 0) + self._weight[node]
            names[root] = min(names.get(root, node), node)
            people[root] += node.startswith("p")
            if self._reserved[node]:
                reserved[root] += self._reserved[node]
        return weights, names, people, reserved


@dataclass(frozen=True)
class Splits:
    """Which split each person and clip is in, and how near the result is to what was asked for.

    `reserved_left_out` counts the comparisons that are for tests alone, and whose people are in another split.
    """

    requested: dict[str, int]
    comparisons: dict[str, int]
    people: dict[str, int]
    groups: int
    seed: int
    warning: str | None
    _of: dict[str, str]
    reserved_left_out: int = 0

    def keeps(self, clip: str, *, reserved: bool) -> bool:
        """Whether a comparison with this clip is in any split at all."""
        return not reserved or self.of_clip(clip) == TEST

    def of_clip(self, clip: str) -> str:
        return self._of[_clip(clip)]

    def of_person(self, person: str) -> str:
        return self._of[_person(person)]


def _person(person: str) -> str:
    return "p" + person


def _clip(clip: str) -> str:
    # Eight bytes tell clips apart at a fraction of the memory; two that share them by chance would share a split.
    return "c" + hashlib.blake2b(clip.encode(), digest_size=8).hexdigest()


def _rank(seed: int, name: str) -> bytes:
    return hashlib.sha256(f"{seed}:{name}".encode()).digest()


def _fill_empty(
    requested: Mapping[str, int],
    members: dict[str, list[str]],
    filled: dict[str, int],
    weights: Mapping[str, int],
    *,
    fixed: Container[str],
) -> None:
    """Give a split that got no comparison the smallest group of the fullest one.

    With few groups the greedy rule leaves small splits empty, and a release without anything held out is of little
    use. The fullest split keeps at least half of all comparisons.
    """
    total = sum(filled.values())
    for name in requested:
        if filled[name]:
            continue
        fullest = max(requested, key=lambda other: filled[other])
        there = [root for root in members[fullest] if weights[root]]
        movable = [root for root in there if root not in fixed]
        if len(there) < 2 or not movable or 2 * (filled[fullest] - weights[movable[-1]]) < total:
            continue
        root = movable[-1]
        members[fullest].remove(root)
        members[name].append(root)
        filled[fullest] -= weights[root]
        filled[name] += weights[root]


def _warning(
    requested: Mapping[str, int], filled: Mapping[str, int], *, groups: int, largest: tuple[int, int]
) -> str | None:
    """A sentence for the reader of the release when the splits are not near what was asked for."""
    total = sum(filled.values())
    off = [
        name for name in requested if abs(filled[name] - requested[name] / 100 * total) > TOLERANCE * total
    ]
    empty = [name for name in requested if not filled[name]]
    if not total or not (off or empty):
        return None
    advice = (
        "Nobody may be in two splits; to hold more out, "
        "judge pairs of people who share no comparison with the rest."
    )
    if groups == 1:
        everything = next(name for name in requested if filled[name])
        return (
            f"All {total:,} comparisons hang together through the {largest[1]:,} people in them, "
            f"so everything is in {everything}. {advice}"
        )
    got = ", ".join(f"{name} {100 * filled[name] / total:.0f} %" for name in requested)
    asked = "/".join(str(percent) for percent in requested.values())
    return (
        f"The splits are {got} of the {total:,} comparisons where {asked} was asked for, as they fall into "
        f"{groups} groups of connected people, the largest with {largest[0]:,} comparisons. {advice}"
    )

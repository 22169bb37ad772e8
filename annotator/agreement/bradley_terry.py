"""Generators ranked from comparisons with ties, with intervals (Davidson's model, see `davidson`)."""

from collections.abc import Hashable
from dataclasses import dataclass, field
from math import log
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from annotator.agreement.davidson import fit_davidson, outcome_probabilities
from annotator.agreement.long_form import Floats, Ints, check_parallel
from annotator.agreement.proportions import percentile_interval

ELO_MEAN = 1000.0
ELO_PER_STRENGTH = 400 / log(10)

# Resamples worked on at once hold about this many numbers, so that memory stays near 100 MB.
_CHUNK = 4_000_000


class WinProbability(NamedTuple):
    """What the model expects of one more comparison; the three sum to 1, or are nan (never compared)."""

    win: float
    tie: float
    loss: float


@dataclass(frozen=True, slots=True)
class Ranking:
    """G generators on one scale.

    `names` `(G,)`: the names given, sorted.
    `strengths`, `low`, `high` `(G,)`: log strength, mean 0 within each group of `groups`, and the ends of its
        interval (nan without resamples). A lead of log 3 ≈ 1.1 means three wins to one loss.
    `tie` above 0: ν; two equals tie with probability ν / (2 + ν).
    `wins` `(G, G)`: weight of row's wins over column; `ties` `(G, G)`: symmetric weight of ties.
    `groups` `(G,)`: generators are comparable only within a group, that is where a chain of comparisons joins
        them; numbered from 0.
    `separated`: somebody lost and tied nothing (or won and tied nothing) against the rest of their group. The
        data set no bound to their distance then; the prior does.
    `reason`: a sentence where the ranking cannot be read as one scale, else empty.
    """

    names: NDArray[Any]
    strengths: Floats
    low: Floats
    high: Floats
    tie: float
    wins: Floats
    ties: Floats
    groups: Ints
    separated: bool
    converged: bool
    reason: str
    _index: dict[Hashable, int] = field(repr=False)

    @property
    def elo(self) -> Floats:
        """Strengths on the scale of chess: 1000 + 400 · θ / log 10; 400 more is ten wins to one loss."""
        return ELO_MEAN + ELO_PER_STRENGTH * self.strengths

    @property
    def comparisons(self) -> Floats:
        """Weight of the comparisons each generator took part in, `(G,)`."""
        return self.wins.sum(axis=1) + self.wins.sum(axis=0) + self.ties.sum(axis=1)

    def win_probability(self, a: Hashable, b: Hashable) -> WinProbability:
        """Expect the outcome of `a` against `b`: nan each if no chain of comparisons joins them.

        Raises:
            KeyError: a name that was not ranked.
        """
        i, j = self._index[a], self._index[b]
        if self.groups[i] != self.groups[j]:
            return WinProbability(float("nan"), float("nan"), float("nan"))
        lead = self.strengths[[i]] - self.strengths[[j]]
        win, tie, loss = outcome_probabilities(lead, np.array([log(self.tie)]))[0]
        return WinProbability(float(win), float(tie), float(loss))

    def win_shares(self) -> Floats:
        """Observed share of points of row against column, a tie half a point; `(G, G)`, nan where none met."""
        total = self.wins + self.wins.T + self.ties
        points = self.wins + self.ties / 2
        return np.divide(points, total, out=np.full(total.shape, np.nan), where=total > 0)


def rank_generators(
    first: ArrayLike,
    second: ArrayLike,
    outcomes: ArrayLike,
    *,
    clusters: ArrayLike | None = None,
    prior_sd: float = 3.0,
    resamples: int = 0,
    confidence: float = 0.95,
    seed: int = 0,
) -> Ranking:
    """Rank generators from n comparisons.

    Args:
        first, second: `(n,)` names of the generators compared. A comparison of one with itself says nothing of
            strength and is left out.
        outcomes: `(n, 3)` weight of: first wins, tie, second wins. A hard answer is one 1, a consensus its
            probabilities, an aggregated row its counts.
        clusters: `(n,)` ids of what is drawn in the bootstrap; comparisons of one item belong together, since
            annotators see the same two clips. Every row is its own cluster if None.
        prior_sd: standard deviation of the normal prior on log strengths, and on log ν, above 0. At 3 it draws
            ratings together by less than a percent once each generator has some dozens of comparisons, and
            gives one that never lost a finite rating.
        resamples: bootstrap resamples for the intervals, 0 for none; fewer than two clusters have none either.
            A resample that holds no comparison of a generator says nothing of it.
        confidence: level of the percentile intervals.
        seed: of the resampling; the same seed gives the same intervals.

    Raises:
        ValueError: arrays that do not fit together, a negative weight, a `prior_sd` not above 0.
    """
    data = _Comparisons.of(first, second, outcomes, clusters)
    if prior_sd <= 0:
        raise ValueError(f"prior_sd must be above 0, got {prior_sd}")
    fit = fit_davidson(
        data.pair_first,
        data.pair_second,
        data.pair_counts(np.ones((1, data.clusters))),
        contestants=len(data.names),
        prior_sd=prior_sd,
    )
    wins, ties = data.tables()
    groups = connected_groups(wins + ties)
    low, high = _intervals(data, groups, prior_sd, resamples, confidence, seed)
    return Ranking(
        names=data.names,
        strengths=_centred(fit.strengths, groups)[0],
        low=low,
        high=high,
        tie=float(np.exp(fit.tie[0])),
        wins=wins,
        ties=ties,
        groups=groups,
        separated=len(set(_mutual_groups(wins + ties).tolist())) > len(set(groups.tolist())),
        converged=bool(fit.converged[0]),
        reason=_reason(data.names, groups),
        _index={name: place for place, name in enumerate(data.names.tolist())},
    )


def connected_groups(edges: Floats) -> Ints:
    """Number the groups of nodes `(G,)` that are joined by non-zero `edges` `(G, G)`, of either direction."""
    return _mutual_groups(edges + edges.T)


def _mutual_groups(edges: Floats) -> Ints:
    """Number the groups of nodes that reach one another along the direction of the edges."""
    reach = (edges > 0) | np.eye(len(edges), dtype=bool)
    for _ in range(max(len(edges) - 1, 1).bit_length()):
        reach = (reach.astype(np.float64) @ reach.astype(np.float64)) > 0
    mutual = reach & reach.T
    if len(edges) == 0:
        return np.zeros(0, dtype=np.int64)
    return np.unique(mutual.argmax(axis=1), return_inverse=True)[1].astype(np.int64)


def _reason(names: NDArray[Any], groups: Ints) -> str:
    if len(names) == 0:
        return "nothing was compared"
    found = int(groups.max()) + 1
    return f"{found} groups of generators were never compared with one another" if found > 1 else ""


def _centred(strengths: Floats, groups: Ints) -> Floats:
    """`strengths` `(r, G)` less their mean within each group, nan left out of it."""
    centred = strengths.copy()
    for group in np.unique(groups):
        member = groups == group
        known = ~np.isnan(strengths[:, member])
        total = np.where(known, strengths[:, member], 0).sum(axis=1, keepdims=True)
        centred[:, member] -= total / np.maximum(known.sum(axis=1, keepdims=True), 1)
    return centred


def _intervals(
    data: "_Comparisons", groups: Ints, prior_sd: float, resamples: int, confidence: float, seed: int
) -> tuple[Floats, Floats]:
    if resamples == 0 or data.clusters < 2:
        unknown = np.full(len(data.names), np.nan)
        return unknown, unknown.copy()
    rng = np.random.default_rng(seed)
    even = np.full(data.clusters, 1 / data.clusters)
    step = max(1, _CHUNK // (3 * max(len(data.row_cluster), data.clusters)))
    drawn = []
    for start in range(0, resamples, step):
        times = rng.multinomial(data.clusters, even, size=min(step, resamples - start))
        counts = data.pair_counts(times.astype(np.float64))
        fit = fit_davidson(
            data.pair_first, data.pair_second, counts, contestants=len(data.names), prior_sd=prior_sd
        )
        drawn.append(_centred(np.where(data.took_part(counts), fit.strengths, np.nan), groups))
    return percentile_interval(np.concatenate(drawn), confidence)


@dataclass(frozen=True, slots=True)
class _Comparisons:
    """Comparisons summed by cluster and pair, rows sorted by pair.

    `row_pair`, `row_cluster` `(m,)`; `row_counts` `(m, 3)`, seen from the pair's first generator.
    `pair_first`, `pair_second` `(P,)`: generators of each pair, first < second.
    """

    names: NDArray[Any]
    clusters: int
    row_pair: Ints
    row_cluster: Ints
    row_counts: Floats
    pair_first: Ints
    pair_second: Ints

    @classmethod
    def of(
        cls, first: ArrayLike, second: ArrayLike, outcomes: ArrayLike, clusters: ArrayLike | None
    ) -> "_Comparisons":
        first_name, second_name = np.asarray(first), np.asarray(second)
        weight = np.asarray(outcomes, dtype=np.float64).reshape(-1, 3)
        cluster = np.arange(len(first_name)) if clusters is None else np.asarray(clusters)
        check_parallel(first=first_name, second=second_name, outcomes=weight[:, 0], clusters=cluster)
        if len(weight) and not weight.min() >= 0:
            raise ValueError(f"outcomes must not be negative or nan, got {weight.min()}")

        names, code = np.unique(np.concatenate([first_name, second_name]), return_inverse=True)
        left, right = code[: len(first_name)], code[len(first_name) :]
        kept = left != right
        weight = np.where((left > right)[:, None], weight[:, ::-1], weight)[kept]
        pair_key = (np.minimum(left, right) * len(names) + np.maximum(left, right))[kept]
        cluster_ids, cluster_code = np.unique(cluster[kept], return_inverse=True)
        pairs, pair = np.unique(pair_key, return_inverse=True)

        rows, row = np.unique(pair * max(len(cluster_ids), 1) + cluster_code, return_inverse=True)
        counts = np.zeros((len(rows), 3))
        np.add.at(counts, row, weight)
        return cls(
            names=names,
            clusters=len(cluster_ids),
            row_pair=rows // max(len(cluster_ids), 1),
            row_cluster=rows % max(len(cluster_ids), 1),
            row_counts=counts,
            pair_first=pairs // max(len(names), 1),
            pair_second=pairs % max(len(names), 1),
        )

    def pair_counts(self, times: Floats) -> Floats:
        """Outcomes of each pair `(r, P, 3)` when the clusters are taken `times` `(r, clusters)`."""
        if len(self.row_pair) == 0:
            return np.zeros((len(times), 0, 3))
        rows = times[:, self.row_cluster, None] * self.row_counts
        starts = np.flatnonzero(np.r_[True, self.row_pair[1:] != self.row_pair[:-1]])
        return np.add.reduceat(rows, starts, axis=1)

    def took_part(self, counts: Floats) -> NDArray[np.bool_]:
        """Whether each generator has a comparison in each data set of `counts` `(r, P, 3)`: `(r, G)`."""
        met = counts.sum(axis=2) > 0
        taking = np.zeros((len(counts), len(self.names)), dtype=bool)
        for pair, (one, other) in enumerate(zip(self.pair_first, self.pair_second, strict=True)):
            taking[:, one] |= met[:, pair]
            taking[:, other] |= met[:, pair]
        return taking

    def tables(self) -> tuple[Floats, Floats]:
        """Weight of wins of row over column, and of ties, `(G, G)` each."""
        wins, ties = np.zeros((2, len(self.names), len(self.names)))
        counts = self.pair_counts(np.ones((1, self.clusters)))[0]
        wins[self.pair_first, self.pair_second] = counts[:, 0]
        wins[self.pair_second, self.pair_first] = counts[:, 2]
        ties[self.pair_first, self.pair_second] = ties[self.pair_second, self.pair_first] = counts[:, 1]
        return wins, ties

"""Figures of a release, counted while its rows go by: release.json keeps them and the card shows them."""

from collections import Counter
from typing import Any

from .schema import Row


class Tally:
    """Counts rows. Memory grows with the number of annotators, generators and licences only."""

    def __init__(self) -> None:
        self._rows: Counter[tuple[str, str]] = Counter()
        self.origins: Counter[str] = Counter()
        self.preferences: Counter[str] = Counter()
        self.generators: Counter[str] = Counter()
        self.clip_origins: Counter[str] = Counter()
        self.licences: Counter[str] = Counter()
        self.judgments: Counter[str] = Counter()
        self._annotators: dict[str, set[str]] = {"human": set(), "simulated": set()}
        self._agreement: Counter[str] = Counter()
        self._with_agreement: Counter[str] = Counter()
        self._people: Counter[str] = Counter()

    def add(self, table: str, split: str, row: Row) -> None:
        self._rows[table, split] += 1
        match table:
            case "comparisons":
                self._add_comparison(row)
            case "judgments":
                who = "simulated" if row["simulated"] else "human"
                self.judgments[who] += 1
                self._annotators[who].add(row["annotator"])
            case "clips":
                self.clip_origins[row["origin"]] += 1
                self.licences[row.get("licence") or "not stated"] += 1
                self.generators[row.get("generator") or row["origin"]] += 1
            case "people":
                self._people["procedural" if row["procedural"] else "human"] += 1
                self._people["references"] += len(row["references"])

    def count(self, table: str, split: str) -> int:
        return self._rows[table, split]

    def _add_comparison(self, row: Row) -> None:
        origin = row["origin"]
        self.origins[origin] += 1
        self.preferences[row.get("preference") or "unsettled"] += 1
        agreement = row.get("agreement")
        if agreement is not None:
            self._agreement[origin] += agreement
            self._with_agreement[origin] += 1

    def summary(self) -> dict[str, Any]:
        """JSON values, in a fixed order."""
        return {
            "comparisons_by_origin": _by_name(self.origins),
            "comparisons_by_preference": _by_name(self.preferences),
            "agreement_by_origin": {
                origin: round(self._agreement[origin] / count, 4)
                for origin, count in sorted(self._with_agreement.items())
            },
            "judgments": {"human": self.judgments["human"], "simulated": self.judgments["simulated"]},
            "annotators": {who: len(names) for who, names in self._annotators.items()},
            "clips_by_origin": _by_name(self.clip_origins),
            "clips_by_generator": _by_name(self.generators),
            "clips_by_licence": _by_name(self.licences),
            "people": {kind: self._people[kind] for kind in ("human", "procedural", "references")},
        }


def _by_name(counter: Counter[str]) -> dict[str, int]:
    return dict(sorted(counter.items()))

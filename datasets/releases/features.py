"""The few column types that a release is made of, as Arrow sees them and as the Hugging Face Hub does.

Each type gives its Arrow type, the entry that Hugging Face `datasets` reads from a Parquet file's schema metadata
(key `huggingface`, checked with datasets 5.2.0), and the translation between values as Python code writes them (a
label by its name) and as they are stored (a label by its number): a whole column at a time on the way in, since a
large release spends most of its time there.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import accumulate
from typing import Any, Literal, Protocol

import pyarrow as pa


class Feature(Protocol):
    """A column type. `decode` is never called with None: every value may be missing."""

    @property
    def arrow(self) -> pa.DataType: ...

    @property
    def hub(self) -> dict[str, Any]: ...

    @property
    def is_plain(self) -> bool:
        """Whether values are stored as they are, so that decoding may be skipped."""
        ...

    def array(self, values: Sequence[Any]) -> pa.Array:
        """A column of these values. A wrong one raises ValueError, TypeError, AttributeError or OverflowError."""
        ...

    def decode(self, value: Any) -> Any: ...


@dataclass(frozen=True)
class Value:
    dtype: Literal["string", "bool", "int32", "int64", "float32", "float64", "timestamp[us, tz=UTC]"]

    is_plain = True

    @property
    def arrow(self) -> pa.DataType:
        if self.dtype.startswith("timestamp"):
            return pa.timestamp("us", tz="UTC")
        return pa.type_for_alias(self.dtype)

    @property
    def hub(self) -> dict[str, Any]:
        return {"dtype": self.dtype, "_type": "Value"}

    def array(self, values: Sequence[Any]) -> pa.Array:
        return pa.array(values, self.arrow)

    def decode(self, value: Any) -> Any:
        return value


class Label:
    """One of a few names, stored as int64 by position, as `datasets.ClassLabel` is."""

    is_plain = False

    def __init__(self, *names: str) -> None:
        self.names = names
        self._numbers: dict[str | None, int | None] = {name: number for number, name in enumerate(names)}
        self._numbers[None] = None

    @property
    def arrow(self) -> pa.DataType:
        return pa.int64()

    @property
    def hub(self) -> dict[str, Any]:
        return {"names": list(self.names), "_type": "ClassLabel"}

    def array(self, values: Sequence[Any]) -> pa.Array:
        try:
            return pa.array([self._numbers[value] for value in values], pa.int64())
        except KeyError as error:
            raise ValueError(f"{error.args[0]!r} is none of {', '.join(self.names)}") from None

    def decode(self, value: int) -> str:
        if not 0 <= value < len(self.names):
            raise ValueError(f"label number {value} is none of 0 to {len(self.names) - 1}")
        return self.names[value]


@dataclass(frozen=True)
class ListOf:
    item: Feature

    @property
    def is_plain(self) -> bool:
        return self.item.is_plain

    @property
    def arrow(self) -> pa.DataType:
        return pa.list_(self.item.arrow)

    @property
    def hub(self) -> dict[str, Any]:
        return {"feature": self.item.hub, "_type": "List"}

    def array(self, values: Sequence[Any]) -> pa.Array:
        items = [item for value in values if value is not None for item in value]
        ends = accumulate(0 if value is None else len(value) for value in values)
        offsets = pa.array([0, *ends], pa.int32())
        return pa.ListArray.from_arrays(
            offsets, self.item.array(items), type=self.arrow, mask=_missing(values)
        )

    def decode(self, value: Any) -> list[Any]:
        return [None if item is None else self.item.decode(item) for item in value]


@dataclass(frozen=True)
class Struct:
    fields: Mapping[str, Feature]

    @property
    def is_plain(self) -> bool:
        return all(feature.is_plain for feature in self.fields.values())

    @property
    def arrow(self) -> pa.DataType:
        return pa.struct([(name, feature.arrow) for name, feature in self.fields.items()])

    @property
    def hub(self) -> dict[str, Any]:
        return {name: feature.hub for name, feature in self.fields.items()}

    def array(self, values: Sequence[Any]) -> pa.Array:
        known = self.fields.keys()
        for value in values:
            if value is not None and not value.keys() <= known:
                raise ValueError(f"unknown field {sorted(value.keys() - known)[0]!r}")
        parts = [
            feature.array([None if value is None else value.get(name) for value in values])
            for name, feature in self.fields.items()
        ]
        return pa.StructArray.from_arrays(parts, fields=list(self.arrow), mask=_missing(values))

    def decode(self, value: Any) -> dict[str, Any]:
        result: dict[str, Any] = {}
        for name, feature in self.fields.items():
            part = value.get(name)
            result[name] = part if part is None or feature.is_plain else feature.decode(part)
        return result


@dataclass(frozen=True)
class Media:
    """An embedded image or video: a struct of the file's bytes and a name whose ending tells the format."""

    kind: Literal["Image", "Video"]

    is_plain = True

    @property
    def arrow(self) -> pa.DataType:
        return pa.struct([("bytes", pa.binary()), ("path", pa.string())])

    @property
    def hub(self) -> dict[str, Any]:
        return {"_type": self.kind}

    def array(self, values: Sequence[Any]) -> pa.Array:
        return pa.array(values, self.arrow)

    def decode(self, value: Any) -> Any:
        return value


def _missing(values: Sequence[Any]) -> pa.Array | None:
    """Which values are None; None where none is."""
    return pa.array([value is None for value in values], pa.bool_()) if None in values else None

"""The few column types that a release is made of, as Arrow sees them and as the Hugging Face Hub does.

Each type gives its Arrow type, the entry that Hugging Face `datasets` reads from a Parquet file's schema metadata
(key `huggingface`, checked with datasets 5.2.0), and the translation between a value as Python code writes it (a
label by its name) and as it is stored (a label by its number).
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal, Protocol

import pyarrow as pa


class Feature(Protocol):
    """A column type. `encode` and `decode` are never called with None: every value may be missing."""

    @property
    def arrow(self) -> pa.DataType: ...

    @property
    def hub(self) -> dict[str, Any]: ...

    @property
    def is_plain(self) -> bool:
        """Whether values are stored as they are, so that encoding and decoding may be skipped."""
        ...

    def encode(self, value: Any) -> Any: ...

    def decode(self, value: Any) -> Any: ...


@dataclass(frozen=True)
class Value:
    dtype: Literal["string", "bool", "int32", "int64", "float64", "timestamp[us, tz=UTC]"]

    is_plain = True

    @property
    def arrow(self) -> pa.DataType:
        if self.dtype.startswith("timestamp"):
            return pa.timestamp("us", tz="UTC")
        return pa.type_for_alias(self.dtype)

    @property
    def hub(self) -> dict[str, Any]:
        return {"dtype": self.dtype, "_type": "Value"}

    def encode(self, value: Any) -> Any:
        return value

    def decode(self, value: Any) -> Any:
        return value


class Label:
    """One of a few names, stored as int64 by position, as `datasets.ClassLabel` is."""

    is_plain = False

    def __init__(self, *names: str) -> None:
        self.names = names
        self._numbers = {name: number for number, name in enumerate(names)}

    @property
    def arrow(self) -> pa.DataType:
        return pa.int64()

    @property
    def hub(self) -> dict[str, Any]:
        return {"names": list(self.names), "_type": "ClassLabel"}

    def encode(self, value: Any) -> int:
        try:
            return self._numbers[value]
        except (KeyError, TypeError):
            raise ValueError(f"{value!r} is none of {', '.join(self.names)}") from None

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

    def encode(self, value: Any) -> list[Any]:
        return [None if item is None else self.item.encode(item) for item in value]

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

    def encode(self, value: Any) -> dict[str, Any]:
        if unknown := value.keys() - self.fields.keys():
            raise ValueError(f"unknown field {sorted(unknown)[0]!r}")
        return self._translate(value, "encode")

    def decode(self, value: Any) -> dict[str, Any]:
        return self._translate(value, "decode")

    def _translate(self, value: Any, direction: Literal["encode", "decode"]) -> dict[str, Any]:
        result: dict[str, Any] = {}
        for name, feature in self.fields.items():
            part = value.get(name)
            result[name] = part if part is None or feature.is_plain else getattr(feature, direction)(part)
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

    def encode(self, value: Any) -> Any:
        return value

    def decode(self, value: Any) -> Any:
        return value

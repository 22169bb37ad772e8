"""Answers as three parallel arrays, one entry an answer: which item, which annotator, which value."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Answers:
    """Answers with items and annotators numbered from 0, sorted by item.

    `item`, `annotator`: `(n,)` int64 indices into `item_ids` and `annotator_ids` (sorted, unique).
    `order`: `(n,)` positions of these answers in the arrays that came in.
    """

    item: Ints
    annotator: Ints
    order: Ints
    item_ids: NDArray[Any]
    annotator_ids: NDArray[Any]


def number_answers(items: ArrayLike, annotators: ArrayLike) -> Answers:
    """Number the items and annotators of parallel arrays of ids (ints or strings).

    Raises:
        ValueError: the arrays are not one-dimensional or differ in length.
    """
    item_array, annotator_array = np.asarray(items), np.asarray(annotators)
    check_parallel(items=item_array, annotators=annotator_array)
    item_ids, item = np.unique(item_array, return_inverse=True)
    annotator_ids, annotator = np.unique(annotator_array, return_inverse=True)
    order = np.argsort(item, kind="stable")
    return Answers(
        item=item[order].astype(np.int64),
        annotator=annotator[order].astype(np.int64),
        order=order.astype(np.int64),
        item_ids=item_ids,
        annotator_ids=annotator_ids,
    )


def last_answers(items: ArrayLike, annotators: ArrayLike) -> Ints:
    """Positions, ascending, of the last answer that each annotator gave to each item.

    An annotator who answers an item again has changed their mind: only the last answer speaks for them.
    """
    answers = number_answers(items, annotators)
    key = answers.item * max(len(answers.annotator_ids), 1) + answers.annotator
    # `order` is stable within an item, so the last of equal keys is the latest answer.
    by_key = np.argsort(key, kind="stable")
    sorted_key = key[by_key]
    is_last = np.ones(len(sorted_key), dtype=bool)
    is_last[:-1] = sorted_key[1:] != sorted_key[:-1]
    return np.sort(answers.order[by_key[is_last]])


def check_parallel(**arrays: NDArray[Any]) -> None:
    """Refuse arrays that are not one-dimensional and of one length, naming each with its shape."""
    shapes = {name: array.shape for name, array in arrays.items()}
    if any(len(shape) != 1 for shape in shapes.values()) or len(set(shapes.values())) > 1:
        raise ValueError(f"expected one-dimensional arrays of one length, got {shapes}")


def count_table(rows: Ints, columns: Ints, shape: tuple[int, int], weights: Floats | None = None) -> Floats:
    """Sum `weights` (1 each if None) into a table of `shape` at `(rows, columns)`."""
    flat = np.bincount(rows * shape[1] + columns, weights=weights, minlength=shape[0] * shape[1])
    return flat.astype(np.float64).reshape(shape)


def sum_by_item(item: Ints, values: Floats, items: int) -> Floats:
    """Sum the rows of `values` `(n, k)` that belong to each item: `(items, k)`; `item` must be sorted."""
    if len(item) == 0:
        return np.zeros((items, values.shape[1]))
    starts = np.flatnonzero(np.r_[True, item[1:] != item[:-1]])
    sums = np.zeros((items, values.shape[1]))
    sums[item[starts]] = np.add.reduceat(values, starts, axis=0)
    return sums


def codes_of(values: Sequence[str], classes: Sequence[str]) -> Ints:
    """Positions of `values` in `classes`, -1 for a value that is not one of them."""
    place = {name: code for code, name in enumerate(classes)}
    return np.array([place.get(value, -1) for value in values], dtype=np.int64)

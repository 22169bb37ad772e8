"""Pictures and text into tensors, for the real model and for a tiny one alike."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from training.reward.vlm.config import VlmConfig
from training.reward.vlm.prompt import (
    IMAGE,
    REWARD,
    RUBRIC,
    TURN_END,
    TURN_START,
    VISION_END,
    VISION_START,
    Picture,
    Piece,
    Score,
    pieces,
)

Frames = NDArray[np.uint8]
SPECIAL = (TURN_START, TURN_END, VISION_START, VISION_END, IMAGE, REWARD)
PAD = "<|endoftext|>"
_LEAST_PIXELS = 28 * 28


@dataclass(frozen=True, eq=False)
class Film:
    """A clip as the model sees it.

    Attributes:
        key: Names it.
        frames: (N, H, W, 3) uint8 RGB, sampled.
        seconds: (N,) into the clip.
        references: By person's name, their pictures, each (H, W, 3) uint8 RGB; one at least.
        asked: The prompt.
    """

    key: str
    frames: Frames
    seconds: tuple[float, ...]
    references: Mapping[str, Sequence[Frames]]
    asked: str = ""


@dataclass(frozen=True, eq=False)
class Batch:
    """B films of up to P people in L tokens.

    Attributes:
        input_ids, attention_mask, mm_token_type_ids: (B, L) int64; pictures have type 1.
        pixel_values, image_grid_thw: As the vision tower takes them.
        whole: (B,) place of the score of the whole clip.
        people: (B, P) places of the people's scores, -1 for padding.
    """

    input_ids: Tensor
    attention_mask: Tensor
    mm_token_type_ids: Tensor
    pixel_values: Tensor
    image_grid_thw: Tensor
    whole: Tensor
    people: Tensor

    def to(self, device: torch.device) -> Batch:
        return Batch(**{name: value.to(device) for name, value in vars(self).items()})


class Inputs:
    """Makes batches. The tokenizer needs `SPECIAL` as tokens of their own."""

    def __init__(self, tokenizer: Any, config: VlmConfig) -> None:
        from transformers.models.qwen2_vl.image_processing_pil_qwen2_vl import Qwen2VLImageProcessorPil

        self.tokenizer, self.config = tokenizer, config
        self._processor = Qwen2VLImageProcessorPil()
        self.image_id, self.reward_id = (tokenizer.convert_tokens_to_ids(each) for each in (IMAGE, REWARD))
        self.pad_id = tokenizer.convert_tokens_to_ids(PAD)

    def batch(self, films: Sequence[Film]) -> Batch:
        """Return films as one batch, padded on the right."""
        rows, places, pixels, grids = [], [], [], []
        for film in films:
            ids, own, values, grid = self._film(film)
            rows.append(ids)
            places.append(own)
            pixels.append(values)
            grids.append(grid)
        length, people = max(map(len, rows)), max(len(own) - 1 for own in places)
        input_ids = torch.full((len(rows), length), self.pad_id)
        mask = torch.zeros((len(rows), length), dtype=torch.int64)
        padded = torch.full((len(rows), people), -1)
        for b, (ids, own) in enumerate(zip(rows, places, strict=True)):
            input_ids[b, : len(ids)] = torch.tensor(ids)
            mask[b, : len(ids)] = 1
            padded[b, : len(own) - 1] = torch.tensor(own[:-1])
        return Batch(
            input_ids,
            mask,
            (input_ids == self.image_id).to(torch.int64),
            torch.cat(pixels),
            torch.cat(grids),
            torch.tensor([own[-1] for own in places]),
            padded,
        )

    def _film(self, film: Film) -> tuple[list[int], list[int], Tensor, Tensor]:
        """Return token ids, the places of scores (people's, then the whole's), pixels and grids."""
        references = {name: list(own)[: self.config.references] for name, own in film.references.items()}
        pictures = [picture for own in references.values() for picture in own]
        values, grids = self._pixels(pictures, self.config.reference_pixels)
        more, more_grids = self._pixels(list(film.frames), self.config.frame_pixels)
        grid = torch.cat([grids, more_grids])
        asked = pieces({name: len(own) for name, own in references.items()}, film.seconds, film.asked)
        ids, own = self._ids(asked, grid)
        return ids, own, torch.cat([values, more]), grid

    def _pixels(self, pictures: Sequence[Frames], most: int) -> tuple[Tensor, Tensor]:
        size = {
            "shortest_edge": _LEAST_PIXELS,
            "longest_edge": most,
        }  # The processor's words for numbers of pixels.
        found = self._processor(images=list(pictures), size=size, return_tensors="pt")
        return found["pixel_values"], found["image_grid_thw"]

    def _ids(self, asked: Sequence[Piece], grid: Tensor) -> tuple[list[int], list[int]]:
        ids: list[int] = []
        places: list[int] = []
        start, end = (self.tokenizer.convert_tokens_to_ids(each) for each in (VISION_START, VISION_END))
        for piece in asked:
            if isinstance(piece, Picture):
                ids += [start, *[self.image_id] * (int(grid[piece.which].prod()) // 4), end]
            elif isinstance(piece, Score):
                places.append(len(ids))
                ids.append(self.reward_id)
            else:
                ids += self.tokenizer(_plain(piece), add_special_tokens=False)["input_ids"]
        return ids, places


def _plain(text: str) -> str:
    """Take the marks of scores and pictures out of what people wrote: a prompt must not place one."""
    for mark in (REWARD, IMAGE, VISION_START, VISION_END):
        text = text.replace(mark, "")
    return text


def tokenizer_of(config: VlmConfig) -> Any:
    """Return the base's tokenizer with the reward token, or one that is made on the spot for the tiny base."""
    if config.is_tiny:
        return _tiny_tokenizer()
    from transformers import AutoTokenizer

    tokenizer = AutoTokenizer.from_pretrained(config.base)
    tokenizer.add_special_tokens({"additional_special_tokens": [REWARD]})
    return tokenizer


def _tiny_tokenizer() -> Any:
    """Return a tokenizer over bytes, trained on the rubric."""
    from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers
    from transformers import PreTrainedTokenizerFast

    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=400,
        special_tokens=[PAD, *SPECIAL],
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
        show_progress=False,
    )
    tokenizer.train_from_iterator([RUBRIC], trainer)
    return PreTrainedTokenizerFast(tokenizer_object=tokenizer, pad_token=PAD)

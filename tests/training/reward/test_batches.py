"""Clips side by side."""

import numpy as np
import torch

from training.reward.batches import augmented_batch, batch_of
from training.reward.config import Training

GENTLE = Training(drop_references=0, drop_moments=0, noise=0)


def test_augmentation_of_nothing_is_the_batch_itself(corpus):
    clips = corpus.clips[:5]

    plain, augmented = batch_of(clips), augmented_batch(clips, GENTLE, np.random.default_rng(0))

    for name in ("references", "has_reference", "embeddings", "present", "likeness", "has_person"):
        torch.testing.assert_close(getattr(augmented, name), getattr(plain, name), atol=1e-5, rtol=0)


def test_augmentation_leaves_a_reference_and_the_clips_as_they_were(corpus):
    clips = corpus.clips[:5]
    before = [clip.embeddings.copy() for clip in clips]

    batch = augmented_batch(clips, Training(drop_references=1, drop_moments=0.5), np.random.default_rng(0))

    assert torch.equal(batch.has_reference.sum(2), batch.has_person.long())
    assert batch.present.sum() < sum(clip.present.sum() for clip in clips)
    assert not batch.likeness[~batch.present][:, :-1].any()
    assert all(np.array_equal(clip.embeddings, old) for clip, old in zip(clips, before, strict=True))


def test_noise_keeps_the_length_of_embeddings(corpus):
    batch = augmented_batch(corpus.clips[:5], Training(noise=0.3), np.random.default_rng(0))

    lengths = batch.embeddings.norm(dim=-1)[batch.present]
    torch.testing.assert_close(lengths, torch.ones_like(lengths))

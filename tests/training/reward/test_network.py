"""What must not matter to the network does not, and what is masked is not seen."""

from dataclasses import replace

import numpy as np
import pytest
import torch

from training.reward.batches import batch_of
from training.reward.config import Network
from training.reward.losses import routing_loss
from training.reward.network import IdentityReward


@pytest.fixture(scope="module")
def network(corpus) -> IdentityReward:
    torch.manual_seed(3)
    made = IdentityReward(Network(width=8, heads=2, blocks=2, queries=2), corpus.dimension)
    for parameter in made.parameters():  # Nothing may be 0 as a new head is, or nothing could be seen.
        torch.nn.init.normal_(parameter, std=0.4)
    return made.eval()


@pytest.fixture(scope="module")
def crowd(corpus):
    return next(clip for clip in corpus.clips if len(clip.people) == 3)


def judged(network, clips):
    with torch.inference_mode():
        return network(batch_of(clips))


def test_the_order_of_people_changes_nothing_but_their_order(network, crowd):
    order = [2, 0, 1]
    as_listed, otherwise = (judged(network, [clip]) for clip in (crowd, crowd.reordered(order)))

    torch.testing.assert_close(otherwise.reward, as_listed.reward, atol=1e-5, rtol=1e-5)
    torch.testing.assert_close(otherwise.person, as_listed.person[:, order], atol=1e-5, rtol=1e-5)
    torch.testing.assert_close(otherwise.curve, as_listed.curve[:, order], atol=1e-5, rtol=1e-5)


def test_the_order_of_references_changes_nothing(network, corpus):
    clip = max(corpus.clips, key=lambda each: max(map(len, each.references)))
    turned = replace(clip, references=tuple(each[::-1].copy() for each in clip.references))

    torch.testing.assert_close(
        judged(network, [turned]).reward, judged(network, [clip]).reward, atol=1e-5, rtol=1e-5
    )


def test_neighbours_in_a_batch_and_padding_change_nothing(network, corpus, crowd):
    alone = next(clip for clip in corpus.clips if len(clip.people) == 1)

    together, apart = judged(network, [alone, crowd]), judged(network, [alone])

    torch.testing.assert_close(together.reward[0], apart.reward[0], atol=1e-5, rtol=1e-5)


def test_embeddings_of_moments_without_a_face_are_not_seen(network, crowd):
    present = crowd.present.copy()
    present[1, 2] = False
    likeness = crowd.likeness * present[..., None]
    poisoned = crowd.embeddings.copy()
    poisoned[1, 2] = 1e3
    hidden = replace(crowd, present=present, likeness=likeness)

    torch.testing.assert_close(
        judged(network, [replace(hidden, embeddings=poisoned)]).reward, judged(network, [hidden]).reward
    )


def test_every_attention_can_be_left_out(corpus, crowd):
    full = Network(width=8, heads=2, blocks=1, queries=2)
    for name in ("people", "time", "identity"):
        torch.manual_seed(0)
        network = IdentityReward(replace(full, **{name: False}), corpus.dimension).eval()
        assert getattr(network.blocks[0], name) is None
        assert torch.isfinite(judged(network, [crowd]).reward).all()


def test_the_router_is_asked_about_kept_faces_of_clips_with_a_choice(network, corpus, crowd):
    alone = next(clip for clip in corpus.clips if len(clip.people) == 1)
    output, batch = judged(network, [crowd, alone]), batch_of([crowd, alone])
    kept = torch.full(output.curve.shape, torch.nan)
    assert routing_loss(output, batch, kept, "cross_entropy").item() == 0

    moment = int(np.flatnonzero(crowd.present[1])[0])
    kept[0, 1, moment] = 1
    kept[1] = 1  # Of one person alone nothing can be asked.

    chance = output.routes[0, 1, moment].softmax(-1)[1]
    assert routing_loss(output, batch, kept, "cross_entropy").item() == pytest.approx(
        -chance.log().item(), rel=1e-4
    )

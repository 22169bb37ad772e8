"""The identity model: a small transformer over identity tracks.

1. An identity encoder: one bank of query tokens, shared by all people, attends to a person's references. A separator
   token leads each person's block, so that blocks are told apart without an order of people: listing them otherwise
   permutes the result and changes nothing else.
2. A router: each moment of each track is compared with the separators, after a projection of its own, and says whose
   face it is.
3. Blocks of three attentions: over the people of a moment, over a person's moments, and to all identity tokens, masked
   by who is visible at that moment; a learned bias marks a track's own person.
4. A curve: one number a person and moment; a soft minimum over moments makes a person's score, a soft minimum over
   people the reward, since one lost face spoils a clip.

Soft minimum: -tau log mean exp(-x / tau): tau to infinity is the mean, tau to 0 the least. tau is learned, one for
moments and one for people. The design follows what is published of Identity-GRPO and Ingredients (query bank, router
trained with cross-entropy); sizes, likeness features and soft minima are own choices.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional

from training.reward.batches import Batch
from training.reward.clips import LIKENESS
from training.reward.config import Network

_TIMES = 4
"""Frequencies at which a moment's place in the clip is written."""
_LEAST_TAU = 0.05
_CLOSED = -1e4
"""Added to the logit of what may not be attended to; finite, so that a row of them is no NaN."""


@dataclass(frozen=True, eq=False)
class Output:
    """What the model says of B clips of P people at T moments.

    Attributes:
        reward: (B,).
        person: (B, P); anything for people who are padding.
        curve: (B, P, T).
        kept: (B, P, T), logit of the face being kept at that moment.
        routes: (B, P, T, P), logit of the face being each person's.
        faces, identities: (B, P, T, W) and (B, P, W), length 1: the router's space.
    """

    reward: Tensor
    person: Tensor
    curve: Tensor
    kept: Tensor
    routes: Tensor
    faces: Tensor
    identities: Tensor


class IdentityReward(nn.Module):
    """See the module's text.

    Args:
        network: Size and parts.
        dimension: Numbers in an embedding, D.
    """

    likeness_mean: Tensor
    likeness_spread: Tensor

    def __init__(self, network: Network, dimension: int) -> None:
        super().__init__()
        self.network = network
        width = network.width
        self.project = nn.Linear(dimension, width)
        self.encoder = IdentityEncoder(network)
        self.router = Router(width)
        features = len(LIKENESS)
        # How alike faces are spreads differently from one face model to another: set from the training clips.
        self.register_buffer("likeness_mean", torch.zeros(features))
        self.register_buffer("likeness_spread", torch.ones(features))
        self.measure = nn.Sequential(nn.Linear(features, width), nn.GELU(), nn.Linear(width, width))
        self.when = nn.Linear(2 * _TIMES, width)
        self.routed = nn.Linear(2, width)
        self.absent = nn.Parameter(torch.randn(width) * 0.02)
        self.blocks = nn.ModuleList(Block(network) for _ in range(network.blocks))
        self.last = nn.LayerNorm(width)
        self.head = nn.Linear(width, 1)
        self.shortcut = nn.Linear(features, 1, bias=False)
        self.tau_moments = nn.Parameter(torch.tensor(0.5))
        self.tau_people = nn.Parameter(torch.tensor(0.0))
        self.kept_scale = nn.Parameter(torch.tensor(1.0))
        self.kept_bias = nn.Parameter(torch.tensor(0.0))
        self.kept_head = KeptHead(width, features) if network.own_curve else None
        nn.init.zeros_(self.head.weight)
        nn.init.zeros_(self.shortcut.weight)

    def forward(self, batch: Batch) -> Output:
        """Judge a batch."""
        faces = self.project(batch.embeddings)  # (B, P, T, W)
        identities = self.encoder(self.project(batch.references), batch.has_reference)  # (B, P, 1 + Q, W)
        routed_faces, people, routes = self.router(faces, identities[:, :, 0], batch.has_person)
        measured = (batch.likeness - self.likeness_mean) / self.likeness_spread
        tokens = self._tokens(batch, faces, measured, routes)
        masks = Masks.of(batch, identities.shape[2])
        for block in self.blocks:
            tokens = block(tokens, identities, masks)
        tokens = self.last(tokens)
        curve = self.head(tokens).squeeze(-1)
        if self.network.likeness:
            curve = curve + self.shortcut(measured * batch.present[..., None]).squeeze(-1)
        person = soft_minimum(curve, self.tau_moments, torch.ones_like(batch.present))
        return Output(
            reward=soft_minimum(person, self.tau_people, batch.has_person),
            person=person,
            curve=curve,
            kept=functional.softplus(self.kept_scale) * curve + self.kept_bias
            if self.kept_head is None
            else self.kept_head(tokens, measured * batch.present[..., None]),
            routes=routes,
            faces=routed_faces,
            identities=people,
        )

    def _tokens(self, batch: Batch, faces: Tensor, measured: Tensor, routes: Tensor) -> Tensor:
        present = batch.present[..., None]
        tokens = torch.where(
            present, faces if self.network.embeddings else torch.zeros_like(faces), self.absent
        )
        if self.network.likeness:
            tokens = tokens + self.measure(measured) * present
        if self.network.embeddings:
            tokens = tokens + self.routed(_own_route(routes)) * present
        return tokens + self.when(_places(tokens.shape[2], tokens))


class KeptHead(nn.Module):
    """Says at each moment whether a face is kept, apart from what the clip is worth."""

    def __init__(self, width: int, features: int) -> None:
        super().__init__()
        self.tokens = nn.Linear(width, 1)
        self.measured = nn.Linear(features, 1, bias=False)

    def forward(self, tokens: Tensor, measured: Tensor) -> Tensor:
        """Return logits (B, P, T) for tokens (B, P, T, W) and likeness (B, P, T, F), 0 where there is no face."""
        logits: Tensor = (self.tokens(tokens) + self.measured(measured)).squeeze(-1)
        return logits


class IdentityEncoder(nn.Module):
    """References of a person into one separator and Q identity tokens, whatever their number and order."""

    def __init__(self, network: Network) -> None:
        super().__init__()
        width = network.width
        self.bank = nn.Parameter(torch.randn(1 + network.queries, width) * width**-0.5)
        self.read = Attention(width, network.heads)
        self.mix = Feed(width, network.dropout)
        self.before = nn.LayerNorm(width)

    def forward(self, references: Tensor, has_reference: Tensor) -> Tensor:
        """Return (B, P, 1 + Q, W) for references (B, P, R, W)."""
        batch, people, most, width = references.shape
        queries = self.bank.expand(batch * people, -1, -1)
        read = torch.cat([queries, references.reshape(batch * people, most, width)], dim=1)
        known = has_reference.reshape(batch * people, 1, 1, most)
        allowed = functional.pad(known, (queries.shape[1], 0), value=True)
        read = self.before(read)
        tokens = queries + self.read(read[:, : queries.shape[1]], read, closed(allowed))
        return self.mix(tokens).reshape(batch, people, -1, width)


class Router(nn.Module):
    """Says of each face whose it is: cosines with the people's separators in a space of its own."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.face = nn.Linear(width, width)
        self.person = nn.Linear(width, width)
        self.sharpness = nn.Parameter(torch.tensor(math.log(8.0)))

    def forward(self, faces: Tensor, separators: Tensor, has_person: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Return faces (B, P, T, W) and people (B, P, W) of length 1, and logits (B, P, T, P)."""
        own = functional.normalize(self.face(faces), dim=-1)
        people = functional.normalize(self.person(separators), dim=-1)
        routes = self.sharpness.exp() * torch.einsum("bptw,bkw->bptk", own, people)
        return own, people, routes + closed(has_person)[:, None, None]


class Block(nn.Module):
    """Attention over people, over moments and to identities, each with a residual, then a feed-forward part."""

    def __init__(self, network: Network) -> None:
        super().__init__()
        width, heads = network.width, network.heads
        self.people = Attention(width, heads) if network.people else None
        self.time = Attention(width, heads) if network.time else None
        self.identity = Attention(width, heads) if network.identity else None
        self.own = nn.Parameter(torch.ones(heads)) if network.identity else None
        self.norms = nn.ModuleList(nn.LayerNorm(width) for _ in range(3))
        self.feed = Feed(width, network.dropout)

    def forward(self, tokens: Tensor, identities: Tensor, masks: Masks) -> Tensor:
        """Return tokens (B, P, T, W)."""
        b, p, t, w = tokens.shape
        if self.people is not None:
            each = self.norms[0](tokens).transpose(1, 2).reshape(b * t, p, w)
            out = self.people(each, each, masks.people).reshape(b, t, p, w).transpose(1, 2)
            tokens = tokens + out
        if self.time is not None:
            each = self.norms[1](tokens).reshape(b * p, t, w)
            tokens = tokens + self.time(each, each, masks.time).reshape(b, p, t, w)
        if self.identity is not None:
            assert self.own is not None
            queries = self.norms[2](tokens).reshape(b, p * t, w)
            keys = identities.reshape(b, -1, w)
            bias = masks.identity + self.own[None, :, None, None] * masks.own
            tokens = tokens + self.identity(queries, keys, bias).reshape(b, p, t, w)
        mixed: Tensor = self.feed(tokens)
        return mixed


@dataclass(frozen=True, eq=False)
class Masks:
    """What may attend to what, as numbers that are added to logits.

    Attributes:
        people: (B·T, 1, P, P): to people with a face at that moment, and to oneself.
        time: (B·P, 1, T, T): to moments with a face, and to itself.
        identity: (B, 1, P·T, P·(1+Q)): to the tokens of who is visible at that moment, and of one's own person.
        own: The same shape, 1 where the identity is the track's own.
    """

    people: Tensor
    time: Tensor
    identity: Tensor
    own: Tensor

    @classmethod
    def of(cls, batch: Batch, tokens: int) -> Masks:
        """Return the masks of a batch whose people have so many identity tokens each."""
        present = batch.present & batch.has_person[..., None]
        b, p, t = present.shape
        same_person = torch.eye(p, dtype=torch.bool)
        people = present.transpose(1, 2).reshape(b * t, 1, 1, p) | same_person
        time = present.reshape(b * p, 1, 1, t) | torch.eye(t, dtype=torch.bool)
        # (B, P, T, K): at moment t of person p's track, is person k visible, or is it p's own?
        own = same_person[None, :, None, :].expand(b, p, t, p)
        visible = present.transpose(1, 2)[:, None].expand(b, p, t, p) | own

        def per_token(mask: Tensor) -> Tensor:
            return mask.reshape(b, 1, p * t, p).repeat_interleave(tokens, dim=3)

        return cls(closed(people), closed(time), closed(per_token(visible)), per_token(own).float())


class Attention(nn.Module):
    """Attention of several heads with a mask that is added."""

    def __init__(self, width: int, heads: int) -> None:
        super().__init__()
        self.heads = heads
        self.query = nn.Linear(width, width)
        self.key_value = nn.Linear(width, 2 * width)
        self.out = nn.Linear(width, width)

    def forward(self, queries: Tensor, keys: Tensor, mask: Tensor) -> Tensor:
        """Return (N, L, W) for queries (N, L, W), keys (N, S, W) and a mask that broadcasts to (N, heads, L, S)."""
        n, length, width = queries.shape
        q = self.query(queries).reshape(n, length, self.heads, -1).transpose(1, 2)
        k, v = self.key_value(keys).reshape(n, keys.shape[1], 2, self.heads, -1).permute(2, 0, 3, 1, 4)
        logits = q @ k.transpose(-1, -2) * (width // self.heads) ** -0.5 + mask
        # A softmax over so few keys: a processor takes half the time for it when it is written out.
        weights = (logits - logits.logsumexp(-1, keepdim=True)).exp()
        mixed: Tensor = self.out((weights @ v).transpose(1, 2).reshape(n, length, width))
        return mixed


class Feed(nn.Module):
    """The feed-forward part of a block, with its residual."""

    def __init__(self, width: int, dropout: float) -> None:
        super().__init__()
        self.body = nn.Sequential(
            nn.LayerNorm(width), nn.Linear(width, 2 * width), nn.GELU(), nn.Dropout(dropout),
            nn.Linear(2 * width, width), nn.Dropout(dropout),
        )  # fmt: skip

    def forward(self, tokens: Tensor) -> Tensor:
        result: Tensor = tokens + self.body(tokens)
        return result


def soft_minimum(values: Tensor, raw_tau: Tensor, counted: Tensor) -> Tensor:
    """Return -tau log mean exp(-x / tau) over the last axis of (…, N), over what is counted (…, N) bool.

    tau is softplus(raw_tau) and a little more, so that it stays above 0.
    """
    tau = functional.softplus(raw_tau) + _LEAST_TAU
    logits = (-values / tau).masked_fill(~counted.bool(), -torch.inf)
    number = counted.sum(-1).clamp(min=1).to(values.dtype)
    minimum: Tensor = -tau * (logits.logsumexp(-1) - number.log())
    return minimum


def closed(allowed: Tensor) -> Tensor:
    """Return a bool mask as numbers to add: 0 where allowed."""
    return torch.where(allowed, 0.0, _CLOSED)


def _own_route(routes: Tensor) -> Tensor:
    """Return (B, P, T, 2): probability of the own person, and 1 where there is a choice at all."""
    own = routes.softmax(-1).diagonal(dim1=1, dim2=3).transpose(1, 2)
    choice = ((routes > _CLOSED / 2).sum(-1) > 1).to(own.dtype)
    return torch.stack([own * choice, choice], dim=-1)


def _places(steps: int, like: Tensor) -> Tensor:
    """Return sines and cosines (T, 2·_TIMES) of a moment's place in the clip, 0 to 1."""
    place = (torch.arange(steps, dtype=like.dtype) + 0.5) / steps
    angles = place[:, None] * math.pi * 2.0 ** torch.arange(_TIMES, dtype=like.dtype)
    return torch.cat([angles.sin(), angles.cos()], dim=1)

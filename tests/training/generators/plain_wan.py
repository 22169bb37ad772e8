"""Wan's text-to-video network written out from its published layout, to compare with; tiny parts, random weights."""

import importlib.util
import math
from collections.abc import Sequence
from typing import Any

import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional

needs_diffusers = pytest.mark.skipif(
    importlib.util.find_spec("diffusers") is None or importlib.util.find_spec("peft") is None,
    reason="the Wan generators need diffusers and peft: pip install -r requirements/training.txt",
)
TEXT_DIM = 12
SIZES = {
    "num_attention_heads": 2,
    "attention_head_dim": 12,
    "text_dim": TEXT_DIM,
    "freq_dim": 16,
    "ffn_dim": 32,
    "num_layers": 2,
}


def tiny_network(seed: int = 0, **changes: Any) -> Any:
    from diffusers import WanTransformer3DModel

    torch.manual_seed(seed)
    found: Any = WanTransformer3DModel(**(SIZES | changes))
    return found.eval()


def tiny_vace(seed: int = 0) -> Any:
    from diffusers import WanVACETransformer3DModel

    torch.manual_seed(seed)
    found: Any = WanVACETransformer3DModel(**SIZES, vace_layers=[0, 1], vace_in_channels=96)
    for block in found.vace_blocks:
        nn.init.normal_(block.proj_out.weight, std=0.2)  # so that references change something
    return found.eval()


def tiny_vae(seed: int = 0) -> Any:
    from diffusers import AutoencoderKLWan

    torch.manual_seed(seed)
    found: Any = AutoencoderKLWan(
        base_dim=8, z_dim=16, dim_mult=[1, 1, 1, 1], num_res_blocks=1, temperal_downsample=[False, True, True]
    )
    return found.eval()


def tiny_texts(texts: Sequence[str]) -> Tensor:
    """Embed each text by its letters: (N, 512, TEXT_DIM), zeros after its end."""
    found = torch.zeros(len(texts), 512, TEXT_DIM)
    for row, text in enumerate(texts):
        for place, letter in enumerate(text[:512]):
            found[row, place] = torch.sin(torch.arange(1, TEXT_DIM + 1) * float(ord(letter)))
    return found


def published_weights(network: Any) -> dict[str, Tensor]:
    """Give a network's weights the published names, by a list written from the published code, not from ours."""
    found = {}
    for name, value in network.state_dict().items():
        found[_published_name(name)] = value
    return found


def _published_name(name: str) -> str:
    for ours, theirs in (
        ("condition_embedder.text_embedder.linear_1", "text_embedding.0"),
        ("condition_embedder.text_embedder.linear_2", "text_embedding.2"),
        ("condition_embedder.time_embedder.linear_1", "time_embedding.0"),
        ("condition_embedder.time_embedder.linear_2", "time_embedding.2"),
        ("condition_embedder.time_proj", "time_projection.1"),
        ("proj_out", "head.head"),
        ("attn1.to_out.0", "self_attn.o"), ("attn2.to_out.0", "cross_attn.o"),
        ("attn1.to_", "self_attn."), ("attn2.to_", "cross_attn."),
        ("attn1.norm", "self_attn.norm"), ("attn2.norm", "cross_attn.norm"),
        ("ffn.net.0.proj", "ffn.0"), ("ffn.net.2", "ffn.2"), (".norm2.", ".norm3."),
    ):  # fmt: skip
        name = name.replace(ours, theirs)
    if name == "scale_shift_table":
        return "head.modulation"
    return name.replace("scale_shift_table", "modulation")


def plain_forward(
    w: dict[str, Tensor], x: Tensor, timestep: float, text: Tensor, heads: int, freq_dim: int
) -> Tensor:
    """Return the velocity of one clip x (16, T, h, w) under weights of the published layout."""
    dim = w["patch_embedding.weight"].shape[0]
    t, h, wide = x.shape[1], x.shape[2] // 2, x.shape[3] // 2
    tokens = functional.conv3d(
        x[None], w["patch_embedding.weight"], w["patch_embedding.bias"], stride=(1, 2, 2)
    )
    tokens = tokens[0].flatten(1).T

    def linear(name: str, value: Tensor) -> Tensor:
        return functional.linear(value, w[f"{name}.weight"], w[f"{name}.bias"])

    half = freq_dim // 2
    angles = timestep * torch.exp(-math.log(10000) * torch.arange(half, dtype=torch.float64) / half)
    level = torch.cat([angles.cos(), angles.sin()]).float()
    level = linear("time_embedding.2", functional.silu(linear("time_embedding.0", level)))
    parts = linear("time_projection.1", functional.silu(level)).reshape(6, dim)
    said = linear("text_embedding.2", functional.gelu(linear("text_embedding.0", text), approximate="tanh"))
    places = _places(t, h, wide, dim // heads)

    def normed(value: Tensor) -> Tensor:
        return functional.layer_norm(value, (dim,), eps=1e-6)

    def scaled(name: str, value: Tensor) -> Tensor:  # over all heads together
        return value * torch.rsqrt(value.square().mean(-1, keepdim=True) + 1e-6) * w[f"{name}.weight"]

    def attend(name: str, queries: Tensor, source: Tensor, turned: bool) -> Tensor:
        q = scaled(f"{name}.norm_q", linear(f"{name}.q", queries)).reshape(len(queries), heads, -1)
        k = scaled(f"{name}.norm_k", linear(f"{name}.k", source)).reshape(len(source), heads, -1)
        v = linear(f"{name}.v", source).reshape(len(source), heads, -1)
        if turned:
            q, k = _turned(q, places), _turned(k, places)
        scores = torch.einsum("qhd,khd->hqk", q, k) / math.sqrt(q.shape[-1])
        return linear(f"{name}.o", torch.einsum("hqk,khd->qhd", scores.softmax(-1), v).flatten(1))

    for number in range(1 + max(int(name.split(".")[1]) for name in w if name.startswith("blocks."))):
        block = f"blocks.{number}"
        shift1, scale1, gate1, shift2, scale2, gate2 = w[f"{block}.modulation"][0] + parts
        inner = normed(tokens) * (1 + scale1) + shift1
        tokens = tokens + gate1 * attend(f"{block}.self_attn", inner, inner, turned=True)
        inner = normed(tokens) * w[f"{block}.norm3.weight"] + w[f"{block}.norm3.bias"]
        tokens = tokens + attend(f"{block}.cross_attn", inner, said, turned=False)
        inner = normed(tokens) * (1 + scale2) + shift2
        inner = functional.gelu(linear(f"{block}.ffn.0", inner), approximate="tanh")
        tokens = tokens + gate2 * linear(f"{block}.ffn.2", inner)
    shift, scale = w["head.modulation"][0] + level
    out = linear("head.head", normed(tokens) * (1 + scale) + shift)
    return torch.einsum("thwpqrc->ctphqwr", out.reshape(t, h, wide, 1, 2, 2, -1)).reshape(
        -1, t, 2 * h, 2 * wide
    )


def _places(t: int, h: int, w: int, size: int) -> Tensor:
    """Angles of every token (t h w, size / 2): a third each (the rest in time) of frame, row and column."""
    across = 2 * (size // 6)
    angles = []
    for axis, (count, part) in enumerate(((t, size - 2 * across), (h, across), (w, across))):
        rates = 10000 ** (-torch.arange(0, part, 2, dtype=torch.float64) / part)
        shape = [1, 1, 1, -1]
        shape[axis] = count
        angles.append((torch.arange(count)[:, None] * rates).reshape(shape).expand(t, h, w, -1))
    return torch.cat(angles, dim=-1).reshape(t * h * w, -1)


def _turned(x: Tensor, angles: Tensor) -> Tensor:
    """Turn neighbouring pairs of (N, heads, size) by their angles, as complex numbers."""
    pairs = torch.view_as_complex(x.double().unflatten(-1, (-1, 2)).contiguous())
    return (
        torch.view_as_real(pairs * torch.polar(torch.ones_like(angles), angles)[:, None]).flatten(-2).float()
    )

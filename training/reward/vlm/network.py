"""Qwen2.5-VL without its language head: adapters, a reward token of its own, and a linear head without bias.

The hidden state above each reward token goes through the head: one number for each person, one for the clip. What is
trained: the adapters, the token's embedding, the head. Source: Identity-GRPO's released reward (token and head), its
note (rank and alpha 32); the rest is own choice.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn

from training.reward.vlm.config import VlmConfig
from training.reward.vlm.inputs import Batch, Inputs

_LANGUAGE = r".*language_model.*\.(q_proj|k_proj|v_proj|o_proj|gate_proj|up_proj|down_proj)"
_WITH_VISION = rf"({_LANGUAGE}|.*visual.*\.(qkv|proj|gate_proj|up_proj|down_proj))"
QWEN_3B = {
    "text_config": {
        "vocab_size": 151936, "hidden_size": 2048, "intermediate_size": 11008, "num_hidden_layers": 36,
        "num_attention_heads": 16, "num_key_value_heads": 2, "max_position_embeddings": 128000, "rms_norm_eps": 1e-6,
        "rope_parameters": {"rope_type": "default", "rope_theta": 1e6, "mrope_section": [16, 24, 24]},
    },
    "vision_config": {
        "depth": 32, "hidden_size": 1280, "intermediate_size": 3420, "num_heads": 16, "out_hidden_size": 2048,
    },
}  # fmt: skip
"""The shape of Qwen2.5-VL-3B, for measuring with random weights."""


@dataclass(frozen=True, eq=False)
class Output:
    """Scores: reward (B,), people (B, P), anything where there is nobody."""

    reward: Tensor
    people: Tensor


class VlmReward(nn.Module):
    """See the module's text.

    Args:
        backbone: A Qwen2_5_VLModel.
        config: How it is adapted.
        reward_id: Of the reward token.
    """

    def __init__(self, backbone: Any, config: VlmConfig, reward_id: int) -> None:
        super().__init__()
        from peft import LoraConfig, inject_adapter_in_model

        self.reward_id = reward_id
        backbone.requires_grad_(False)
        lora = LoraConfig(
            r=config.lora_rank,
            lora_alpha=config.lora_alpha,
            lora_dropout=config.lora_dropout,
            target_modules=_WITH_VISION if config.vision else _LANGUAGE,
        )
        self.backbone = inject_adapter_in_model(lora, backbone)
        for name, value in self.backbone.named_parameters():
            value.requires_grad_("lora_" in name)
        if config.checkpointing:
            self.backbone.activation_checkpointing_enable()
        width = backbone.config.text_config.hidden_size
        spread = float(backbone.get_input_embeddings().weight.float().std())
        self.token = nn.Parameter(torch.randn(width) * spread)
        self.head = nn.Linear(width, 1, bias=False)

    def forward(self, batch: Batch) -> Output:
        """Judge a batch."""
        embedded = self.backbone.get_input_embeddings()(batch.input_ids)
        is_reward = (batch.input_ids == self.reward_id)[..., None]
        embedded = torch.where(is_reward, self.token.to(embedded.dtype), embedded)
        hidden = self.backbone(
            input_ids=batch.input_ids,
            inputs_embeds=embedded,
            attention_mask=batch.attention_mask,
            mm_token_type_ids=batch.mm_token_type_ids,
            pixel_values=batch.pixel_values,
            image_grid_thw=batch.image_grid_thw,
            use_cache=False,
        ).last_hidden_state
        return read_scores(self.head, hidden, batch.whole, batch.people)

    def trained(self) -> dict[str, Tensor]:
        """Return what is trained, by name: all that a checkpoint holds of the weights."""
        return {name: value.detach() for name, value in self.named_parameters() if value.requires_grad}

    def load_trained(self, weights: dict[str, Tensor]) -> None:
        """Take trained weights over.

        Raises:
            KeyError: they are of another configuration.
        """
        own = {name: value for name, value in self.named_parameters() if value.requires_grad}
        if own.keys() != weights.keys():
            raise KeyError(f"weights of {len(weights)} parts for a model of {len(own)}")
        with torch.no_grad():
            for name, value in own.items():
                value.copy_(weights[name])


def read_scores(head: nn.Linear, hidden: Tensor, whole: Tensor, people: Tensor) -> Output:
    """Return the scores at their places, in float32.

    Args:
        head: (W to 1), without bias.
        hidden: (B, L, W).
        whole: (B,) places.
        people: (B, P) places, -1 for padding.
    """
    rows = torch.arange(len(hidden), device=hidden.device)
    weight = head.weight.float()
    reward = (hidden[rows, whole].float() @ weight.T).squeeze(-1)
    own = (hidden[rows[:, None], people.clamp(min=0)].float() @ weight.T).squeeze(-1)
    return Output(reward, own)


def backbone_of(config: VlmConfig, inputs: Inputs, *, dtype: torch.dtype = torch.float32) -> Any:
    """Return the base: from the Hub or a folder, or the tiny one, made of random weights by the seed."""
    from transformers import Qwen2_5_VLModel

    if not config.is_tiny:
        return Qwen2_5_VLModel.from_pretrained(config.base, dtype=dtype)
    tokenizer = inputs.tokenizer
    ids = {
        name: tokenizer.convert_tokens_to_ids(f"<|{name}|>")
        for name in ("vision_start", "vision_end", "image_pad")
    }
    shape = {
        "text_config": {
            "vocab_size": len(tokenizer), "hidden_size": 32, "intermediate_size": 48, "num_hidden_layers": 2,
            "num_attention_heads": 2, "num_key_value_heads": 1, "max_position_embeddings": 8192,
            "bos_token_id": None, "eos_token_id": None,
            "rope_parameters": {"rope_type": "default", "rope_theta": 1e6, "mrope_section": [2, 3, 3]},
        },
        "vision_config": {
            "depth": 2, "hidden_size": 32, "intermediate_size": 48, "num_heads": 2, "out_hidden_size": 32,
            "window_size": 56, "fullatt_block_indexes": [1],
        },
    }  # fmt: skip
    return random_backbone(
        shape, ids["image_pad"], seed=config.seed, start=ids["vision_start"], end=ids["vision_end"]
    ).to(dtype)


def random_backbone(
    shape: dict[str, Any], image_id: int, *, seed: int = 0, start: int = 151652, end: int = 151653
) -> Any:
    """Return a Qwen2.5-VL of some shape with random weights, the same for the same seed."""
    from transformers import Qwen2_5_VLConfig, Qwen2_5_VLModel

    torch.manual_seed(seed)
    config = Qwen2_5_VLConfig(
        **shape, image_token_id=image_id, vision_start_token_id=start, vision_end_token_id=end,
        video_token_id=image_id + 1,
    )  # fmt: skip
    return Qwen2_5_VLModel(config)

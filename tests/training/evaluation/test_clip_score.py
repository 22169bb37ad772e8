"""CLIPScore on a tiny CLIP of random weights: its range, its order, and what is said where there is none."""

import json
from pathlib import Path

import pytest
import torch

from training.evaluation.clip_score import ClipScore
from training.generators.protocol import GeneratorError


@pytest.fixture(scope="module")
def tiny(tmp_path_factory: pytest.TempPathFactory) -> Path:
    from transformers import CLIPConfig, CLIPImageProcessor, CLIPModel, CLIPProcessor, CLIPTokenizer

    folder = tmp_path_factory.mktemp("clip")
    letters = "abcdefghijklmnopqrstuvwxyz"
    words = [*letters, *(f"{letter}</w>" for letter in letters), "<|startoftext|>", "<|endoftext|>"]
    (folder / "vocab.json").write_text(json.dumps({word: place for place, word in enumerate(words)}))
    (folder / "merges.txt").write_text("#version: 0.2\n")
    small = {"hidden_size": 16, "intermediate_size": 16, "num_hidden_layers": 1, "num_attention_heads": 2}
    config = CLIPConfig(
        text_config={
            **small,
            "vocab_size": len(words),
            "bos_token_id": len(words) - 2,
            "eos_token_id": len(words) - 1,
        },
        vision_config={**small, "image_size": 32, "patch_size": 16},
        projection_dim=8,
    )
    torch.manual_seed(0)
    CLIPModel(config).save_pretrained(folder)
    tokenizer = CLIPTokenizer(str(folder / "vocab.json"), str(folder / "merges.txt"))
    pictures = CLIPImageProcessor(size={"shortest_edge": 32}, crop_size={"height": 32, "width": 32})
    CLIPProcessor(pictures, tokenizer).save_pretrained(folder)
    return folder


@pytest.mark.slow
def test_a_score_is_of_a_clip_and_its_text(tiny, tmp_path):
    score = ClipScore.load(str(tiny))
    frames = torch.randint(0, 256, (1, 6, 32, 48, 3), generator=torch.Generator().manual_seed(0))
    texts = ["a", "b c", "two people", "tree", "dog", "house", "rain", "x"]
    found = score(frames.to(torch.uint8).expand(len(texts), -1, -1, -1, -1), texts)

    assert found.shape == (len(texts),)
    assert ((found >= 0) & (found <= 2.5)).all()
    assert len(set(found[found > 0])) > 1  # another text, another score
    best = int(found.argmax())
    assert score(frames.to(torch.uint8), [texts[best]]) == pytest.approx(found[best : best + 1], rel=1e-5)
    with pytest.raises(GeneratorError, match="no CLIP that can be read"):
        ClipScore.load(str(tmp_path))

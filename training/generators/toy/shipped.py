"""The base and the encoders that come with the repository, so that nobody need train them first.

    python -m training.generators.toy FOLDER --shipped     # unpacks them and draws the people; minutes
    python -m training.generators.toy FOLDER               # makes all of it anew; half an hour of one core
    python -m training.generators.toy.shipped FOLDER       # packs what was made there into the repository

One safetensors file in half precision: network, codec, the reward's encoder (which is the extractor too) and
the judge's.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path

import torch
from safetensors import safe_open
from safetensors.torch import save_file
from torch import Tensor

from training.generators.toy.codec import Codec
from training.generators.toy.encoders import JudgeEncoder, RewardEncoder, load_encoder
from training.generators.toy.generator import ToyGenerator, load_generator, save_generator
from training.generators.toy.network import Parts, ToyNetwork
from training.generators.toy.train import base_path

SHIPPED = Path(__file__).parent / "weights" / "toy.safetensors"


def unpack(folder: Path, source: Path = SHIPPED) -> None:
    """Write base.pt, reward.pt and judge.pt as training leaves them. Files that are there are replaced."""
    folder.mkdir(parents=True, exist_ok=True)
    with safe_open(source, framework="pt") as held:
        parts = Parts(**json.loads(held.metadata()["parts"]))
        tensors = {name: held.get_tensor(name).float() for name in held.keys()}  # noqa: SIM118
    network, codec, extractor, judge = ToyNetwork(parts), Codec(), RewardEncoder(), JudgeEncoder()
    modules = {"network": network, "codec": codec, "extractor": extractor, "judge": judge}
    for name, module in modules.items():
        module.load_state_dict(_under(tensors, name))
    save_generator(base_path(folder), ToyGenerator(network, codec, extractor))
    torch.save(extractor.state_dict(), folder / "reward.pt")
    torch.save(judge.state_dict(), folder / "judge.pt")


def pack(folder: Path, target: Path = SHIPPED) -> None:
    """Write what training made in `folder` as one file."""
    generator = load_generator(base_path(folder))
    modules = {
        "network": generator.network,
        "codec": generator.codec,
        "extractor": generator.extractor,
        "judge": load_encoder(folder / "judge.pt", JudgeEncoder),
    }
    tensors = {
        f"{name}.{key}": value.half().contiguous()
        for name, module in modules.items()
        for key, value in module.state_dict().items()
    }
    target.parent.mkdir(parents=True, exist_ok=True)
    save_file(tensors, target, metadata={"parts": json.dumps(generator.network.parts.as_dict())})


def _under(tensors: dict[str, Tensor], name: str) -> dict[str, Tensor]:
    return {
        key.removeprefix(f"{name}."): value for key, value in tensors.items() if key.startswith(f"{name}.")
    }


def main() -> None:
    parser = argparse.ArgumentParser(description="Pack a toy generator and its encoders.")
    parser.add_argument("folder", type=Path)
    pack(parser.parse_args().folder)


if __name__ == "__main__":
    main()

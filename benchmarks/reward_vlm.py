"""What the vision-language reward costs: `python -m benchmarks.reward_vlm [--frames 16] [--people 2] [--steps 5]`.

With a GPU: memory and seconds of a pass of one comparison (two films, forward and backward, LoRA of rank 32) at the
shape of Qwen2.5-VL-3B **with random weights**, which cost what learned ones do. Anywhere: milliseconds a clip of the
tiny configuration.
"""

from __future__ import annotations

import argparse
import time

import numpy as np
import torch

from benchmarks.machine import machine
from training.reward.vlm.config import TINY, VlmConfig
from training.reward.vlm.films import FilmPair
from training.reward.vlm.inputs import Batch, Film, Inputs, tokenizer_of
from training.reward.vlm.model import VlmRewardModel
from training.reward.vlm.network import QWEN_3B, VlmReward, random_backbone
from training.reward.vlm.train import vlm_losses

SIZE = (480, 832)  # of a frame, pixels


def main() -> int:
    options = _options()
    print(machine())
    tiny = VlmConfig(
        base=TINY, frames=options.frames, frame_pixels=28 * 28 * 12, reference_pixels=28 * 28 * 4
    )
    model = VlmRewardModel.new(tiny)
    films = [film(options.people, options.frames, (96, 128), number) for number in range(8)]
    model.score_films(films[:1])
    started = time.process_time()
    model.score_films(films)
    milliseconds = 1000 * (time.process_time() - started) / len(films)
    print(
        f"tiny: {milliseconds:.0f} ms of processor time a clip of {options.frames} frames, {options.people} people"
    )
    if not torch.cuda.is_available():
        print("real shape: not measured, torch sees no GPU here")
        return 0
    _real(options)
    return 0


def _real(options: argparse.Namespace) -> None:
    config = VlmConfig(frames=options.frames)
    tokenizer = tokenizer_of(VlmConfig(base=TINY))
    inputs = Inputs(tokenizer, config)
    with torch.device("cuda"):
        backbone = random_backbone(QWEN_3B, inputs.image_id).to(torch.bfloat16)
        network = VlmReward(backbone, config, inputs.reward_id)
    parameters = [each for each in network.parameters() if each.requires_grad]
    for each in parameters:
        each.data = each.data.float()
    optimiser = torch.optim.AdamW(parameters, lr=config.learning_rate)
    batch = inputs.batch([film(options.people, options.frames, SIZE, number) for number in range(2)])
    batch = batch.to(torch.device("cuda"))
    network.train()
    seconds = [_pass(network, optimiser, batch, options.people) for _ in range(options.steps)]
    memory = torch.cuda.max_memory_allocated() / 1e9
    tokens = batch.input_ids.shape[1]
    trained = sum(each.numel() for each in parameters) / 1e6
    print(f"{torch.cuda.get_device_name()}: {trained:.1f} M numbers trained, {tokens:,} tokens a film")
    print(f"real shape: {np.median(seconds[1:]):.2f} s a comparison, {memory:.1f} GB at the most")


def _pass(network: VlmReward, optimiser: torch.optim.Optimizer, batch: Batch, people: int) -> float:
    torch.cuda.synchronize()
    started = time.perf_counter()
    names = tuple(f"Person {place}" for place in range(people))
    labels = np.full((people, 3), np.nan, np.float32)
    pair = FilmPair("pair", "human", ("a", "b"), (1.0, 0.0, 0.0), labels, names, {}, "")
    with torch.autocast("cuda", torch.bfloat16):
        output = network(batch)
    vlm_losses(output, [pair], torch.tensor(5.0, device="cuda").log(), 0.5)["loss"].backward()
    optimiser.step()
    optimiser.zero_grad()
    torch.cuda.synchronize()
    return time.perf_counter() - started


def film(people: int, frames: int, size: tuple[int, int], seed: int) -> Film:
    """Return a film of noise with three pictures of each person."""
    draw = np.random.default_rng(seed)
    references = {
        f"Person {place}": [draw.integers(0, 255, (320, 320, 3), np.uint8) for _ in range(3)]
        for place in range(people)
    }
    pictures = draw.integers(0, 255, (frames, *size, 3), np.uint8)
    return Film(
        str(seed), pictures, tuple(np.arange(frames) / 3.0), references, "Two friends cook in a kitchen."
    )


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--frames", type=int, default=16)
    parser.add_argument("--people", type=int, default=2)
    parser.add_argument("--steps", type=int, default=5)
    return parser.parse_args()


if __name__ == "__main__":
    raise SystemExit(main())

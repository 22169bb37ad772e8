"""The reward as a vision-language model: Qwen2.5-VL with LoRA, a reward token and a linear head. For a GPU.

    python -m training.reward.vlm.train RELEASE --config training/configs/reward_vlm.toml --out RUN [--resume]
    accelerate launch -m training.reward.vlm.train …        # several GPUs

Pure: torch, transformers, peft, accelerate, `datasets.media` and `datasets.releases`. The way through: `prompt` writes
what is asked, `inputs` turns pictures and text into tensors, `network` is the model, `films` reads a release, `train`
is the loop, `model` is what is saved, loaded and asked. After Identity-GRPO's reward where that is public; other than
there, it reads the prompt, sees 16 frames and not 4, names people and gives each a score, and does not pay for a copied
expression.
"""

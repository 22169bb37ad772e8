"""The reward model: how well a clip keeps everybody's identity, learned from a release.

Pure: torch, numpy, safetensors and `datasets.releases`; no Django, no database. A GPU box runs

    python -m training.reward.train RELEASE --config training/configs/reward_identity.toml --out RUN
    python -m training.reward.evaluate RUN/model RELEASE
    python -m training.reward.score RUN/model RELEASE

The way through: `corpus` reads a release and `checks` refuses what cannot be learned from; `clips` puts tracks on a
grid; `network` is the model, `losses` what it is taught by; `sampling` and `stages` say which rows when; `training`
is the loop; `model` is what is saved and loaded; `evaluation` measures it beside the `baselines`. Nothing is imported
here, so that configurations can be read without torch.
"""

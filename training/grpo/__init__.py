"""Policy optimisation of flow-matching generators: GRPO, DiffusionNFT, supervised fine-tuning."""

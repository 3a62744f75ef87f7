"""The loop: steps, validation, checkpoints, early stop and resume."""

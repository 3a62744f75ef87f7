"""What follows training: calibration, fidelity, distillation, the model card, the run's record."""

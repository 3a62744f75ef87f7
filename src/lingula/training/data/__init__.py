"""What is trained on: reports read, labeled, split, augmented, and drawn into batches."""

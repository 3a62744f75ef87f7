"""Takes labels out of a review: to train on, to evaluate against, and to account for."""

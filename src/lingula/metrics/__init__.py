"""Agreement figures over labels: counts, F1, kappa, correlation, calibration, curves, bootstrap.

Everything here takes arrays (boolean tables or class indices) and returns arrays; no labeler, no
table and no file is known to this room.
"""

"""Image models on the labels: trained under a policy for uncertain labels, chosen, and read.

    recipe    every choice of a run             films       tables of films -> files and labels
    pictures  files -> gray images              cache       gray images, decoded once
    policies  what uncertain labels count as    networks    what is trained
    train     a run                             model       its folder; films -> Scores
    studies   views -> studies                  select      the best run for each observation

torch, MONAI, Pillow and pydicom are imported only when they are used.
"""

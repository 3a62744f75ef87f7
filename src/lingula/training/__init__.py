"""Training labelers in two stages: a rule labeler's (silver) labels first, then expert labels.

This is the way of CheXbert (Smit et al., EMNLP 2020). A recipe (``recipe.py``) holds every choice,
``run.py`` follows it into a run folder, ``stage.py`` gives one stage's reports, model and loss to
the loop. The folders are the steps: ``data``, ``model``, ``fit`` (the loop, which knows nothing of
text), ``after``.
"""

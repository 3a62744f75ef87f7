"""Lingula inside other packages: spaCy, scikit-learn, Hugging Face.

Each module is imported when it is used, and needs the extra of its name: ``spacy``, ``sklearn``,
``datasets`` (``huggingface`` needs none to be called, ``datasets`` to be mapped).
"""

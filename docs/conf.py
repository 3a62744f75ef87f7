"""How Sphinx builds the documentation site; ``scripts/site`` lays its pages out and calls it."""

import inspect
from importlib.metadata import version as _version

project = "Lingula"
author = "The Lingula developers"
copyright = author
release = version = _version("lingula")

extensions = ["myst_nb", "sphinx.ext.autodoc", "sphinx.ext.napoleon", "sphinx_copybutton"]
myst_enable_extensions = ["attrs_inline", "colon_fence"]
myst_heading_anchors = 4
# The notebooks are committed with what they put out: scripts/documentation/notebooks.py runs them.
nb_execution_mode = "off"
autodoc_member_order = "bysource"
autodoc_typehints = "signature"
autodoc_typehints_format = "short"
autodoc_preserve_defaults = True
napoleon_google_docstring = True
napoleon_numpy_docstring = False
napoleon_use_ivar = True
copybutton_exclude = ".linenos, .gp, .go"
exclude_patterns = ["conf.py"]

html_theme = "furo"
html_title = "Lingula"
html_show_sphinx = False
html_copy_source = False
html_theme_options = {
    "light_css_variables": {"color-brand-primary": "#0b6868", "color-brand-content": "#0b6868"},
    "dark_css_variables": {"color-brand-primary": "#63c9c2", "color-brand-content": "#63c9c2"},
}


def _is_foreign(_app, _what, _name, item, _skip, _options):
    """Leave out what another package adds to a class of ours: its text refers to its own site."""
    foreign = inspect.isfunction(item) and not item.__module__.startswith("lingula")
    return True if foreign else None


def setup(app):
    """Called by Sphinx."""
    app.connect("autodoc-skip-member", _is_foreign)

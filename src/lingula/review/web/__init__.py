"""The pages of a review: who may come in, what they see, and what they do.

Pages are made on the server (``pages``, Jinja) and moved by a small script of our own (``static``).
Nothing is loaded from anywhere else, and no report's text is in an address, a log or an error.
fastapi, uvicorn and jinja2 are imported only by what serves.
"""

from lingula.review.web.links import LINK_DAYS, new_link

__all__ = ["LINK_DAYS", "new_link"]

"""The safety of everything that Lingula answers over HTTP; one room below every face that does.

Who may ask (``tokens``, ``binding``), how much (``limits``), and what leaves (``safety``: headers,
request ids, errors and log lines without a word of what was sent). Knows nothing of labels.
"""

from lingula.web.binding import ALLOWED_LOOPBACK_HOSTS, is_loopback, require_safe_address
from lingula.web.limits import read_body, require_depth, require_type
from lingula.web.problems import Problem, problem_response
from lingula.web.safety import Policy, Safety
from lingula.web.tokens import Tokens, add_token

__all__ = [
    "ALLOWED_LOOPBACK_HOSTS",
    "Policy",
    "Problem",
    "Safety",
    "Tokens",
    "add_token",
    "is_loopback",
    "problem_response",
    "read_body",
    "require_depth",
    "require_safe_address",
    "require_type",
]

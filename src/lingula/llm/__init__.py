"""A language model on this machine or in the house as a labeler, over the protocol of OpenAI."""

from lingula.llm.addresses import Endpoint, find_endpoint
from lingula.llm.labeler import LanguageModelLabeler

__all__ = ["Endpoint", "LanguageModelLabeler", "find_endpoint"]

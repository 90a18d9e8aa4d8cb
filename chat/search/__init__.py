"""Full-text search in a person's titles, questions and answers."""

from chat.search.matches import (
    MAX_RESULTS,
    PAGE_SIZE,
    Match,
    MatchedConversation,
    ResultPage,
    search,
)

__all__ = ["MAX_RESULTS", "PAGE_SIZE", "Match", "MatchedConversation", "ResultPage", "search"]

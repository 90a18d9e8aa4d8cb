"""What a person said and read, found by its words."""

from chat.search.matches import (
    MAX_RESULTS,
    PAGE_SIZE,
    Match,
    MatchedConversation,
    ResultPage,
    search,
)

__all__ = ["MAX_RESULTS", "PAGE_SIZE", "Match", "MatchedConversation", "ResultPage", "search"]

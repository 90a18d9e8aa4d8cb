"""Count the tokens that a text or a whole chat takes in a model's context window.

Counts add up: `chat(system, turns)` is `start`, plus `turn(...)` for every turn except the last
question, plus `question(system, text)` for that one.
"""

from chat.llm.tokens.counters import Counter, counter

__all__ = ["Counter", "counter"]

"""The model servers of the environment, which are read once."""

from chat.llm import endpoints


def forget_environment() -> None:
    """Read the settings of model servers again."""
    for cached in (
        endpoints.endpoint,
        endpoints.environment_endpoint,
        endpoints.usable_environments,
    ):
        cached.cache_clear()

"""People in browsers."""

from tests.browser import browser, new_person, person, pytest_runtest_makereport

__all__ = ["browser", "new_person", "person", "pytest_runtest_makereport"]

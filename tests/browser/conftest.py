"""People in browsers, and what is asked of a page: complaints, accessibility, bytes."""

from tests.support.browser import browser, new_person, person, pytest_runtest_makereport

__all__ = ["browser", "new_person", "person", "pytest_runtest_makereport"]

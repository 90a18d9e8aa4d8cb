"""What axe finds on a page: https://github.com/dequelabs/axe-core."""

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page

RULES = {
    "runOnly": {
        "type": "tag",
        "values": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"],
    }
}
axe = Axe()


def findings(page: Page) -> list[str]:
    """One line a rule that is broken, with the elements that break it."""
    found = axe.run(page, options=RULES).response["violations"]
    return [
        f"{item['id']}: {node['target']} {node.get('failureSummary', '')}"
        for item in found
        for node in item["nodes"]
    ]

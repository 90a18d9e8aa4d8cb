import hashlib
import re

from django.conf import settings

VENDOR = settings.BASE_DIR / "static" / "vendor"
ROW = re.compile(r"^\| `(\S+)` \| (\S+) ([\d.]+), .* \| `([0-9a-f]{64})` \|$", re.M)


def test_vendored_scripts_are_what_the_readme_says() -> None:
    rows = ROW.findall((VENDOR / "README.md").read_text())
    for path, _, version, expected in rows:
        content = (VENDOR / path).read_bytes()
        assert hashlib.sha256(content).hexdigest() == expected, path
        assert version == "4.0.1"
    assert {row[0] for row in rows} == {
        str(path.relative_to(VENDOR)) for path in VENDOR.rglob("*.js")
    }


def test_every_package_brings_its_licence() -> None:
    assert {path.parent.name for path in VENDOR.glob("*/LICENSE")} == {
        "htmx",
        "lucide",
        "open-props",
    }

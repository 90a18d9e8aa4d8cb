"""Questions about the patches of a frame, as it came over the wire or before it was encoded."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:  # scripts without Django use this too
    from chat.realtime.frame import Frame


def patches_of(frame: Mapping[str, Any] | Frame | None) -> list[tuple[str, str | int, str]]:
    """Operation, target and HTML of each patch; none of what is no frame, such as a pong."""
    if frame is None:
        return []
    patches = frame.get("patches", ()) if isinstance(frame, Mapping) else frame.patches
    return [(operation, target, html) for operation, target, html in patches]


def html_of(frame: Mapping[str, Any] | Frame | None) -> str:
    """The HTML of all patches."""
    return "".join(html for _, _, html in patches_of(frame))


def has_patch(
    frame: Mapping[str, Any] | Frame | None, operation: str | None, target: str | int
) -> bool:
    """Whether a patch has this target, and this operation if one is given."""
    return any(
        place == target and operation in (None, name) for name, place, _ in patches_of(frame)
    )

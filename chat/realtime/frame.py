"""A frame: what one websocket message tells a page."""

from collections.abc import Sequence
from json import JSONEncoder
from typing import NamedTuple, Self
from uuid import UUID

from chat.rendering.components.patches import Patch

# A text in JSON. Made once, because json.dumps makes an encoder for each call.
quote = JSONEncoder(ensure_ascii=False).encode


class Frame(NamedTuple):
    """`event` is what the frame is about; `message_id` and `status` are given for an answer."""

    event: str
    patches: Sequence[Patch]
    message_id: UUID | None = None
    status: str = ""

    @classmethod
    def of(cls, patches: Sequence[Patch]) -> Self:
        """Return a frame about the thread, the deletion of the conversation, or the sidebar."""
        targets = {patch.target for patch in patches}
        if "thread-version" in targets:
            return cls("thread", patches)
        return cls("gone" if "page-notice" in targets else "sidebar", patches)


class FrameEncoder:
    """Encode the frames of one socket as JSON, leaving out what the page knows already.

    Strings are quoted one by one, because frames are sent many times a second: the general encoder
    takes twice as long.
    """

    def __init__(self) -> None:
        self.message_id: UUID | None = None
        self.status = ""

    def encode(self, frame: Frame, seq: int) -> str:
        """Return the frame as text; `seq` is its number."""
        event, patches, message_id, status = frame
        extra = ""
        # The first comparison is for speed: equal ids are mostly the same object.
        is_same = message_id is self.message_id or message_id == self.message_id
        if message_id is not None and not is_same:
            self.message_id = message_id
            extra += f',"message_id":"{message_id}"'
        if status and status != self.status:
            self.status = status
            extra += f',"status":"{status}"'
        encoded = ",".join([encode_patch(patch) for patch in patches])
        return f'{{"seq":{seq},"event":"{event}"{extra},"patches":[{encoded}]}}'


def encode_patch(patch: Patch) -> str:
    operation, target, html = patch
    place = f'"{target}"' if isinstance(target, str) else target
    return f'["{operation}",{place},{quote(html)}]'

"""What a tag may be (Tencent Cloud, Tag, "Use limits"), and the published code of each breach."""

from __future__ import annotations

import re
from collections.abc import Mapping

from vmsim.model.errors import OutOfResources, UsageError

LONGEST_KEY = 127
LONGEST_VALUE = 255
MOST_OF_A_RESOURCE = 50
RESERVED = ("qcs:", "project", "项目")
_LEGAL = re.compile(r"[\w +\-=.:/@()\[\],;><（）【】：]*")


def check_key(key: str) -> str:
    """A key that may be there. Raises UsageError."""
    return _checked("TagKey", key, LONGEST_KEY)


def check_new(key: str, value: str) -> None:
    """A tag that may be made: its key is not one of the cloud's own."""
    check_key(key)
    if key.startswith(RESERVED):
        raise UsageError(f"Tag keys that begin with {key[:7]} are reserved.", code="InvalidParameter.ReservedTagKey")
    _checked("TagValue", value, LONGEST_VALUE)


def check_number(tags: Mapping[str, str], ident: str) -> None:
    """As many as one resource can have."""
    if len(tags) > MOST_OF_A_RESOURCE:
        raise OutOfResources(
            f"{ident} would have {len(tags)} tags; at most {MOST_OF_A_RESOURCE} are possible.",
            code="LimitExceeded.ResourceAttachedTags",
        )


def _checked(what: str, text: str, longest: int) -> str:
    if not text:
        raise UsageError(f"{what} is empty.", code=f"InvalidParameterValue.{what}Empty")
    if len(text) > longest:
        raise UsageError(
            f"{what} has {len(text)} characters; at most {longest} are allowed.",
            code=f"InvalidParameterValue.{what}LengthExceeded",
        )
    if text != text.strip() or not _LEGAL.fullmatch(text):
        raise UsageError(
            f"{what} {text!r} has characters that it may not have, or spaces around it.",
            code=f"InvalidParameterValue.{what}CharacterIllegal",
        )
    return text

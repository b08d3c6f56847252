"""Bodies of messages in version 1's form, brought to today's: `options` and `textMessage` or `mediaMessage` inside."""

from typing import Any

CONTENTS = ("textMessage", "mediaMessage")
OPTIONS = ("delay", "linkPreview", "quoted", "presence", "number")
MENTIONS = {"everyOne": "mentionsEveryOne", "mentioned": "mentioned"}


def unwrapped(body: Any) -> Any:  # noqa: ANN401 - JSON
    """Return a body with all members at its top; where a member is given in both places, the top one counts."""
    if not isinstance(body, dict):
        return body
    made: dict[str, Any] = {}
    for name in CONTENTS:
        if isinstance(body.get(name), dict):
            made |= body[name]
    options = body.get("options")
    if isinstance(options, dict):
        made |= {name: options[name] for name in OPTIONS if name in options}
        mentions = options.get("mentions")
        if isinstance(mentions, dict):
            made |= {today: mentions[name] for name, today in MENTIONS.items() if name in mentions}
    return made | body

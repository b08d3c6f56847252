"""The Bus inside one process: what `pombo up` runs on."""

from pombo_common.adapters.inprocess.bus import InProcessBus
from pombo_common.adapters.inprocess.mailboxes import DeadLetter

__all__ = ["DeadLetter", "InProcessBus"]

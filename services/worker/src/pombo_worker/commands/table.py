"""What is known of each type of command: who carries it out, and what it needs."""

from collections.abc import Awaitable, Callable
from typing import Any

from pombo_common.model.commands import (
    InstanceConnect,
    InstanceCreate,
    InstanceDelete,
    InstanceLogout,
    InstancePresence,
    InstanceRestart,
    ProxySet,
    RabbitmqSet,
    Reply,
    SettingsSet,
    SqsSet,
    WebhookSet,
)
from pombo_common.model.deliveries import DeliveryResend, WebhookTest
from pombo_common.model.messages import ChatNumbers, ChatPresence, ChatRead, MessageMedia, MessageText
from pombo_common.ports.changes import Attempt
from pombo_worker.commands.chats import check_numbers, mark_read, show_in_chat
from pombo_worker.commands.configuration import set_settings, set_sink, set_webhook
from pombo_worker.commands.connect import connect
from pombo_worker.commands.context import Commands
from pombo_worker.commands.create import create
from pombo_worker.commands.delete import delete
from pombo_worker.commands.deliveries import resend, test_webhook
from pombo_worker.commands.messages import send_media, send_text
from pombo_worker.commands.proxy import set_proxy
from pombo_worker.commands.sessions import logout, restart, show_presence

ONCE = (MessageText, MessageMedia)
"""What reaches others and cannot be taken back: not done again when nobody knows how far an earlier try came."""

SENDING = (*ONCE, ChatNumbers, ChatRead, ChatPresence)
"""What goes through an open session, and may go side by side."""

BESIDE = (SettingsSet, WebhookSet, RabbitmqSet, SqsSet, DeliveryResend)
"""What leaves the session and what goes through it alone; one of these at a time."""

APART = (WebhookTest,)
"""What changes nothing, needs no session, and waits for strangers: in the way of its own kind only."""

OWNED = (
    InstanceConnect,
    InstanceRestart,
    InstanceLogout,
    InstanceDelete,
    InstancePresence,
    ProxySet,
    SettingsSet,
    *SENDING,
)
"""What is done by the worker that runs the session, when there is one."""

FOLLOWED = (ProxySet, SettingsSet)
"""What a running session follows once it is stored."""

STARTING = (InstanceConnect, InstanceRestart)
"""What needs room for one more session when it does not run yet; `instance.create` does when it asks for a code."""

HANDLERS: dict[type, Callable[[Commands, Any, Attempt], Awaitable[Reply]]] = {
    InstanceCreate: create,
    InstanceConnect: connect,
    InstanceRestart: restart,
    InstanceLogout: logout,
    InstanceDelete: delete,
    InstancePresence: show_presence,
    SettingsSet: set_settings,
    WebhookSet: set_webhook,
    ProxySet: set_proxy,
    RabbitmqSet: set_sink,
    SqsSet: set_sink,
    MessageText: send_text,
    MessageMedia: send_media,
    ChatNumbers: check_numbers,
    ChatRead: mark_read,
    ChatPresence: show_in_chat,
    DeliveryResend: resend,
    WebhookTest: test_webhook,
}

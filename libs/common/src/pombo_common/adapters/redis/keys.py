"""Names of all keys. The hash tag is the instance's name, so that all keys of an instance share one slot."""

from typing import NamedTuple


class InstanceKeys(NamedTuple):
    """Keys of one instance; what can outlive it has its id in the key."""

    instance: str
    material: str
    journal: str
    log: str
    cursors: str
    sinks: str
    lanes: str
    waiting: str
    letters: str
    parked: str

    @property
    def outliving(self) -> tuple[str, ...]:
        """Those that can outlive the instance, in the order in which scripts take them."""
        return self[3:]


class Keys:
    """Builds keys under one prefix."""

    def __init__(self, prefix: str) -> None:
        """Take the prefix that sets this installation's keys apart from others on the same server."""
        self._prefix = prefix

    def of(self, name: str, instance_id: str) -> InstanceKeys:
        """Return the keys of one instance."""
        tag = f"{self._prefix}:{{{name}}}"
        return InstanceKeys(
            instance=self.instance(name),
            material=f"{tag}:material:{instance_id}",
            journal=f"{tag}:journal:{instance_id}",
            log=f"{tag}:log:{instance_id}",
            cursors=f"{tag}:cursors:{instance_id}",
            sinks=f"{tag}:sinks:{instance_id}",
            lanes=f"{tag}:lanes:{instance_id}",
            waiting=f"{tag}:waiting:{instance_id}",
            letters=f"{tag}:letters:{instance_id}",
            parked=f"{tag}:parked:{instance_id}",
        )

    def instance(self, name: str) -> str:
        """Return the key of the record, live state and lease of the instance that has the name now."""
        return f"{self._prefix}:{{{name}}}:instance"

    def command(self, name: str, command_id: str) -> str:
        """Return the key of one command's record."""
        return f"{self._prefix}:{{{name}}}:command:{command_id}"

    def blob(self, name: str, blob: str, part: int) -> str:
        """Return the key of one part of a blob."""
        return f"{self._prefix}:{{{name}}}:blob:{blob}:{part}"

    def channel(self, name: str) -> str:
        """Return the pub/sub channel that tells of changes."""
        return f"{self._prefix}:{{{name}}}:changed"

    def trial(self, mark: str) -> str:
        """Return the key with which somebody tries what this user may; gone at once."""
        return f"{self._prefix}:{{{mark}}}:trial"

    @property
    def workers(self) -> str:
        """All workers that beat lately."""
        return f"{self._prefix}:workers"

    @property
    def footprints(self) -> str:
        """What deleted instances left outside."""
        return f"{self._prefix}:footprints"

    @property
    def released(self) -> str:
        """The pub/sub channel that tells of released leases of wanted instances."""
        return f"{self._prefix}:released"

    @property
    def names(self) -> str:
        """Projection: all instances."""
        return f"{self._prefix}:names"

    @property
    def due(self) -> str:
        """Projection: logs with undelivered events."""
        return f"{self._prefix}:due"

    @property
    def dead_letters(self) -> str:
        """Projection: instances with dead letters."""
        return f"{self._prefix}:dead-letters"

    def token(self, token_print: str) -> str:
        """Projection: the instances with this fingerprint of a token."""
        return f"{self._prefix}:token:{token_print}"


def signal_key_field(key_type: str, key_id: str) -> str:
    """Return the field of one Signal key; the length keeps two types from meeting, and `creds` from being one."""
    return f"{len(key_type)}:{key_type}:{key_id}"


def member(name: str, instance_id: str) -> str:
    """Return an instance's member in a projection; with its id, so that a name's next instance has another."""
    return f"{instance_id}/{name}"


def parse_member(text: str) -> tuple[str, str]:
    """Return name and instance id of what `member` made."""
    instance_id, _, name = text.partition("/")
    return name, instance_id

"""`pombo sandbox`, `pombo api` and `pombo worker` as processes apart, on a real Redis and a real RabbitMQ."""

from collections.abc import Mapping
from pathlib import Path

import redis

from tests.support.deployment import ADDRESS, Deployment, Mode, Simulator, standalone_simulator
from tests.support.pombo_process import PomboProcess


class ApartDeployment(Deployment):
    """A simulator, an API and a worker, and more of both when a test adds them."""

    mode: Mode = "apart"

    def __init__(self, folder: Path, env: Mapping[str, str], *, redis_url: str, amqp_url: str) -> None:
        super().__init__(folder, env)
        self._redis_url = redis_url
        # Apart, only public addresses are called; the receivers of tests are on this machine.
        self.env |= {"POMBO_STORE_URL": redis_url, "POMBO_BUS_URL": amqp_url, "POMBO_WEBHOOK_ALLOW": "127.0.0.0/8"}
        self._simulator = standalone_simulator(folder / "sandbox", self.sandbox_key)
        self._apis: list[PomboProcess] = []
        self._workers: list[PomboProcess] = []

    @property
    def address(self) -> str:
        """Where its first API is."""
        return self._apis[0].said

    @property
    def addresses(self) -> list[str]:
        """Where its APIs are, those that have come up."""
        return [api.said for api in self._apis]

    @property
    def worker(self) -> PomboProcess:
        """The first worker."""
        return self._workers[0]

    @property
    def workers(self) -> list[PomboProcess]:
        """All workers."""
        return list(self._workers)

    @property
    def processes(self) -> list[PomboProcess]:
        """Simulator, APIs and workers."""
        return [self._simulator, *self._apis, *self._workers]

    @property
    def simulator(self) -> Simulator:
        """The simulator, which outlives the workers."""
        return Simulator.at(self._simulator.said, self.sandbox_key)

    def start(self) -> None:
        """Start the simulator, whose address the others need; then the API and one worker side by side."""
        try:
            self._simulator.start()
            self.env["POMBO_SANDBOX_URL"] = self.simulator.url
            self.add_api()
            self.add_worker()
            super().start()
        except BaseException:
            self.stop()
            raise

    def add_api(self) -> PomboProcess:
        """Return one more API; not started yet."""
        folder = self.folder / f"api-{len(self._apis) + 1}"
        api = PomboProcess(["api"], env=self.env, folder=folder, ready=f"API is up: {ADDRESS}")
        self._apis.append(api)
        return api

    def add_worker(self) -> PomboProcess:
        """Return one more worker; not started yet."""
        folder = self.folder / f"worker-{len(self._workers) + 1}"
        worker = PomboProcess(["worker"], env=self.env, folder=folder, ready=r"Pombo's worker (\w+) is up")
        self._workers.append(worker)
        return worker

    def kept(self, name: str, instance_id: str) -> set[str]:
        """Name the kinds of keys with the instance's name in their hash tag, and its id where they have one."""
        tag = f"{{{name}}}:"
        with redis.Redis.from_url(self._redis_url) as client:
            keys = [key.decode().partition(tag)[2] for key in client.scan_iter(match=f"*{tag}*", count=1000)]
        parts = [key.partition(":") for key in keys]
        return {kind for kind, _, of in parts if kind == "command" or of in ("", instance_id)}

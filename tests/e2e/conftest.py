"""What the tests on a whole Pombo ask for."""

from tests.support.deployments import client, deployment, other_simulator, phones, receiver

__all__ = ["client", "deployment", "other_simulator", "phones", "receiver"]

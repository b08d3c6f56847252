"""What the tests on a whole Pombo ask for."""

from tests.support.deployments import brisk, client, deployment, other_simulator, phones, receiver, version_page

__all__ = ["brisk", "client", "deployment", "other_simulator", "phones", "receiver", "version_page"]

"""All checks in their order."""

import asyncio
from collections.abc import Mapping
from pathlib import Path

from pombo.checks.finding import Finding, fail, ok, warn
from pombo.checks.folder import check_folder
from pombo.checks.machine import check_machine
from pombo.checks.port import check_port
from pombo.checks.rabbitmq_server import check_bus, check_rabbitmq
from pombo.checks.redis_server import check_redis
from pombo.checks.sandbox_server import check_sandbox
from pombo.checks.sqs_service import check_sqs
from pombo_common.config import Config, ConfigError
from pombo_common.config_loading import load_config
from pombo_worker.delivery.queue_sinks import rules_of, sqs_access


async def check_everything(environ: Mapping[str, str], dotenv: Path) -> list[Finding]:
    """Look at everything; what the configuration names is looked at only when the configuration can be read."""
    machine = await asyncio.to_thread(check_machine)
    try:
        config, told = _read(environ, dotenv)
    except ConfigError as error:
        return [*machine, *(_wrong(line) for line in str(error).splitlines())]
    servers = await asyncio.gather(check_port(config), _store(config), _bus(config), _sinks(config), _sandbox(config))
    keys = [*check_folder(config), *_api_key(config)]
    return [*machine, told, *keys, *(finding for found in servers for finding in found)]


def _read(environ: Mapping[str, str], dotenv: Path) -> tuple[Config, Finding]:
    config = load_config(environ, dotenv)
    source = f"the environment and {dotenv}" if dotenv.is_file() else "the environment"
    return config, ok("configuration", f"{source}, no errors")


def _wrong(line: str) -> Finding:
    variable, _, accepted = line.partition(": ")
    return fail("configuration", f"{variable} cannot be used", accepted)


def _api_key(config: Config) -> list[Finding]:
    """Look for the key that nobody generates for parts that run apart."""
    check = "API key"
    if config.store_url is None and config.bus_url is None:
        return []
    if not config.api_key:
        advice = "set AUTHENTICATION_API_KEY to a long random text, the same for every API; a worker alone needs none"
        return [fail(check, "not set: `pombo api` does not start without it", advice)]
    return [ok(check, "AUTHENTICATION_API_KEY")]


async def _store(config: Config) -> list[Finding]:
    if config.store_url is not None:
        return await check_redis(config.store_url)
    if config.bus_url is not None:
        return [warn("Redis", "POMBO_STORE_URL is not set", "parts that run apart need both it and POMBO_BUS_URL")]
    return []


async def _bus(config: Config) -> list[Finding]:
    if config.bus_url is not None:
        return await check_bus(config.bus_url)
    if config.store_url is not None:
        return [warn("RabbitMQ", "POMBO_BUS_URL is not set", "parts that run apart need both it and POMBO_STORE_URL")]
    return []


async def _sinks(config: Config) -> list[Finding]:
    rules, findings = rules_of(config), []
    if rules.rabbitmq and config.rabbitmq_uri is not None:
        findings.append(await check_rabbitmq(config.rabbitmq_uri, "RabbitMQ sink", "RABBITMQ_URI"))
    if rules.sqs:
        findings.append(await check_sqs(sqs_access(config)))
    return findings


async def _sandbox(config: Config) -> list[Finding]:
    if config.sandbox_url is None or config.sandbox is False:
        return []
    return [await check_sandbox(config.sandbox_url, config.sandbox_key)]

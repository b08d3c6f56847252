"""Structured logs to standard error, one JSON object a line, or readable lines on a terminal."""

import logging
import sys

import structlog

NOISY = ("aiormq", "aio_pika", "aiohttp.access", "uvicorn.access")


def configure_logging(level: str) -> None:
    """Set up structlog and the standard library's loggers for a process.

    Broker libraries log a traceback for every lost connection at warning; Pombo says so itself in one line.

    Args:
        level: DEBUG, INFO, WARNING or ERROR.
    """
    terminal = sys.stderr.isatty()
    renderer: structlog.typing.Processor = (
        structlog.dev.ConsoleRenderer() if terminal else structlog.processors.JSONRenderer()
    )
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.format_exc_info,
            renderer,
        ],
        wrapper_class=structlog.make_filtering_bound_logger(logging.getLevelName(level)),
        logger_factory=structlog.WriteLoggerFactory(file=sys.stderr),
        cache_logger_on_first_use=True,
    )
    logging.basicConfig(
        level=logging.WARNING, stream=sys.stderr, force=True, format="%(levelname)s %(name)s %(message)s"
    )
    for name in NOISY:
        logging.getLogger(name).setLevel(logging.CRITICAL)

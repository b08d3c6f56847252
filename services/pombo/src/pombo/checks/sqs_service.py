"""SQS, when it is set up: reachable, with credentials that are taken."""

from pombo.checks.finding import Finding, fail, ok, shown_address, warn
from pombo_worker.delivery.sqs.client import SqsAccess, SqsClient, SqsError

CHECK = "SQS sink"
DENIED = frozenset({"AccessDenied", "AccessDeniedException"})


async def check_sqs(access: SqsAccess) -> Finding:
    """Ask for one queue; no message holds a key, nor the library's own words."""
    where = shown_address(access.endpoint) if access.endpoint else f"AWS, {access.region or 'its own region setting'}"
    client = SqsClient(access)
    try:
        await client.call("list_queues", MaxResults=1)
    except SqsError as error:
        if error.code in DENIED:
            return warn(
                CHECK, f"{where} answers, and may not be asked for its queues", "allow sqs:ListQueues, or ignore"
            )
        return fail(CHECK, f"{where}: {error}", "check SQS_REGION, SQS_ENDPOINT_URL and the credentials")
    finally:
        await client.close()
    return ok(CHECK, f"answers at {where}")

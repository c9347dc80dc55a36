"""The only importer of SDKs: deadlines, breakers and translation of errors live here."""


def load_sdks() -> None:
    """Import what the clients will need; half a second, and none the second time."""
    import boto3
    import botocore.exceptions
    import dns.asyncquery
    import prometheus_api_client.prometheus_connect
    from kubernetes.aio import client, config

    del boto3, botocore, dns, prometheus_api_client, client, config

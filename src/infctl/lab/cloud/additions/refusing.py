"""Errors of S3 that moto has no class for."""

from moto.s3.exceptions import S3ClientError


class Refused(S3ClientError):
    """By code, sentence and status."""

    def __init__(self, code: str, message: str, status: int = 400) -> None:
        super().__init__(code, message)
        self.status_code = status

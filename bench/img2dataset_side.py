"""Fetch a list of URLs with img2dataset; for the Python of its own environment, so this imports nothing of ours.

Set to do as little as it can: no digests, no EXIF, no opt-out headers. Bytes stay as they are unless a longest side is
named: then larger pictures are scaled to it, and all are encoded as JPEG of quality 85. It still writes a JSON file
beside each download and a table of each shard, which can't be switched off.
"""

from __future__ import annotations

import json
import os
import sys
import time
from typing import Any

os.environ["TQDM_DISABLE"] = "1"  # else its progress bars stand between the rows of ours

from img2dataset import download  # pyright: ignore[reportMissingImports, reportUnknownVariableType]

PROCESSES = 2
THREADS = 64


def main() -> None:
    """Arguments: the list, the folder, how many it holds, and perhaps the longest side.

    Prints seconds and CPU seconds, with its start left out.
    """
    urls, folder, count, *side = sys.argv[1:]
    started, cpu_before = time.perf_counter(), sum(os.times()[:4])
    download(
        url_list=urls,
        output_folder=folder,
        output_format="files",
        processes_count=PROCESSES,
        thread_count=THREADS,
        number_sample_per_shard=-(-int(count) // PROCESSES),
        **(_resized(int(side[0])) if side else {"resize_mode": "no", "disable_all_reencoding": True}),
        compute_hash=None,
        extract_exif=False,
        disallowed_header_directives=[],
        timeout=60,
    )
    cost = {"seconds": time.perf_counter() - started, "cpu_seconds": sum(os.times()[:4]) - cpu_before}
    print(json.dumps(cost))


def _resized(side: int) -> dict[str, Any]:
    return {
        "image_size": side,
        "resize_mode": "keep_ratio_largest",
        "resize_only_if_bigger": True,
        "encode_format": "jpg",
        "encode_quality": 85,
    }


if __name__ == "__main__":  # its worker processes import this module again
    main()

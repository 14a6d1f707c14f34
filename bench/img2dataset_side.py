"""Fetch a list of URLs with img2dataset; for the Python of its own environment, so this imports nothing of ours.

Set to do as little as it can: bytes stay as they are, no digests, no EXIF, no opt-out headers. It still writes a JSON
file beside each download and a table of each shard, which can't be switched off.
"""

from __future__ import annotations

import json
import os
import sys
import time

os.environ["TQDM_DISABLE"] = "1"  # else its progress bars stand between the rows of ours

from img2dataset import download  # pyright: ignore[reportMissingImports, reportUnknownVariableType]

PROCESSES = 2
THREADS = 64


def main() -> None:
    """Arguments: the list, the folder, how many it holds. Prints seconds and CPU seconds, with its start left out."""
    urls, folder, count = sys.argv[1:]
    started, cpu_before = time.perf_counter(), sum(os.times()[:4])
    download(
        url_list=urls,
        output_folder=folder,
        output_format="files",
        processes_count=PROCESSES,
        thread_count=THREADS,
        number_sample_per_shard=-(-int(count) // PROCESSES),
        resize_mode="no",
        disable_all_reencoding=True,
        compute_hash=None,
        extract_exif=False,
        disallowed_header_directives=[],
        timeout=60,
    )
    cost = {"seconds": time.perf_counter() - started, "cpu_seconds": sum(os.times()[:4]) - cpu_before}
    print(json.dumps(cost))


if __name__ == "__main__":  # its worker processes import this module again
    main()

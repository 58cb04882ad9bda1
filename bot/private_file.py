"""Files that only their owner may read."""

from __future__ import annotations

import os
from pathlib import Path
from tempfile import NamedTemporaryFile


def write_private(file: Path, text: str) -> None:
    """Writes a file whole or not at all, with mode 0600; one that is there is replaced.

    Line ends stay as they are in the text.

    Raises:
        OSError: it cannot be written.
    """
    file.parent.mkdir(parents=True, exist_ok=True)
    # The mode of a temporary file is 0600 from the moment it is made.
    with NamedTemporaryFile(
        "w", encoding="utf-8", newline="", dir=file.parent, delete=False
    ) as part:
        try:
            part.write(text)
            part.flush()
            os.replace(part.name, file)
        except BaseException:
            os.unlink(part.name)
            raise

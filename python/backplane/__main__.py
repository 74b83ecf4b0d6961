"""``python -m backplane`` runs the host's binary with the arguments as they are."""

import os
import sys

from backplane._binary import binary

if __name__ == "__main__":
    try:
        program = binary()
    except FileNotFoundError as error:
        sys.exit(f"error: {error}")
    os.execv(program, ["backplane", *sys.argv[1:]])

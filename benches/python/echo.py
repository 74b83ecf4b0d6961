"""A bare pipe: takes as many bytes as it is told to, and answers with as many as it is told to, for ever."""

import os
import sys

taken, answered = int(sys.argv[1]), b"\0" * int(sys.argv[2])
buffer = memoryview(bytearray(taken))
while True:
    filled = 0
    while filled < taken:
        count = os.readv(0, [buffer[filled:]])
        if count == 0:
            sys.exit(0)
        filled += count
    os.write(1, answered)

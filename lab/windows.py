#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""windows.py OUT writes the library bcryptprimitives.dll, without which no program of
Go 1.22 or later starts under wine 8. Its one export, ProcessPrng, is that of advapi32
which wine has: SystemFunction036. The format is Microsoft's "PE Format": headers, and
one section that is the export directory."""

import struct
import sys

SECTION, FILE, ALIGNED = 0x1000, 0x200, 0x1000
NAMES = b"bcryptprimitives.dll\0", b"ProcessPrng\0", b"advapi32.SystemFunction036\0"
TABLES = 40 + 4 + 4 + 2 + 2  # the directory, one address, one name, one ordinal, and padding


def exports():
    """The export directory with its three tables and its names."""
    library = SECTION + TABLES
    name, forward = library + len(NAMES[0]), library + len(NAMES[0]) + len(NAMES[1])
    directory = struct.pack("<IIHH7I", 0, 0, 0, 0, library, 1, 1, 1, SECTION + 40, SECTION + 44, SECTION + 48)
    return directory + struct.pack("<IIHH", forward, name, 0, 0) + b"".join(NAMES)


def headers(size):
    """The headers of a DLL for AMD64 with one section that can only be read."""
    coff = struct.pack("<4sHHIIIHH", b"PE\0\0", 0x8664, 1, 0, 0, 0, 240, 0x2022)
    standard = struct.pack("<HBBIIIII", 0x20B, 14, 0, 0, FILE, 0, 0, SECTION)
    windows = struct.pack("<QIIHHHHHHIIIIHH", 0x180000000, ALIGNED, FILE, 6, 0, 0, 0, 6, 0, 0, 2 * ALIGNED, FILE, 0, 3, 0x100)
    memory = struct.pack("<QQQQII", 1 << 20, 1 << 12, 1 << 20, 1 << 12, 0, 16)
    directories = struct.pack("<II", SECTION, size) + bytes(8 * 15)
    section = struct.pack("<8sIIIIIIHHI", b".rdata", size, SECTION, FILE, FILE, 0, 0, 0, 0, 0x40000040)
    return b"MZ".ljust(60, b"\0") + struct.pack("<I", 64) + coff + standard + windows + memory + directories + section


def main():
    body = exports()
    with open(sys.argv[1], "wb") as out:
        out.write(headers(len(body)).ljust(FILE, b"\0") + body.ljust(FILE, b"\0"))


main()

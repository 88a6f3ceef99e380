"""What the kernel lets the rendering process and the programs that it starts use, once hostile text comes in.

Landlock leaves them one folder to write in, and programs, libraries and the sound font to read; a seccomp filter leaves them
no socket, so neither a network nor the database. Both hold until the process ends. See landlock(7) and seccomp(2).
"""

from __future__ import annotations

import ctypes
import os
import platform
import struct
import sys
from collections.abc import Iterable
from pathlib import Path

# Where systems keep programs, libraries and sound fonts; what the loader and the C library look up; devices without content.
_SYSTEM = ("/usr", "/bin", "/sbin", "/lib", "/lib32", "/lib64", "/nix/store", "/etc/ld.so.cache", "/etc/alternatives")
_DEVICES = ("/dev/null", "/dev/zero", "/dev/random", "/dev/urandom")
_RIGHTS = {1: 13, 2: 14, 3: 15, 4: 15}  # how many kinds of access each version of Landlock knows; 16 from the fifth on
_EXECUTE, _WRITE_FILE, _READ_FILE, _READ_DIR = (1 << bit for bit in range(4))
_READ = _EXECUTE | _READ_FILE | _READ_DIR
_OF_FILES = _EXECUTE | _WRITE_FILE | _READ_FILE | 1 << 14 | 1 << 15  # truncating and devices' own commands are the last two
_MACHINES = {"x86_64": (0xC000003E, 41), "aarch64": (0xC00000B7, 198)}  # the name in the filter, and the number of socket()
_IO_URING_SETUP = 425  # opens sockets past the filter
_OTHER_CALLS = 0x40000000  # from here on x86-64 numbers all calls once more


def enter_sandbox(folder: Path, readable: Iterable[Path]) -> None:
    """Leaves this thread and all that it starts `folder` to write in, and `readable` and the system's programs to read.

    Call it while there is no other thread. Where the kernel lacks a wall (Landlock came with Linux 5.13), the others stand.
    """
    if not sys.platform.startswith("linux") or struct.calcsize("P") != 8:
        return
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.prctl(38, *map(ctypes.c_ulong, (1, 0, 0, 0))):  # PR_SET_NO_NEW_PRIVS, without which neither wall may be built
        return
    _restrict_files(libc, folder, [*map(Path, (*_SYSTEM, sys.prefix, sys.base_prefix)), *readable])
    _block_sockets(libc)


def _restrict_files(libc: ctypes.CDLL, folder: Path, readable: Iterable[Path]) -> None:
    def call(number: int, *arguments: int | bytes | None) -> int:
        return int(libc.syscall(*(ctypes.c_long(each) if isinstance(each, int) else each for each in (number, *arguments))))

    version = call(444, None, 0, 1)
    if version < 1:
        return
    every = (1 << _RIGHTS.get(version, 16)) - 1
    # Files; binding and connecting TCP, from version 4; abstract sockets and signals to others, from version 6.
    handled = struct.pack("=QQQ", every, 3 * (version >= 4), 3 * (version >= 6))
    ruleset = call(444, handled, len(handled), 0)
    rules = [(folder, every & ~_EXECUTE), *((Path(device), _READ_FILE | _WRITE_FILE) for device in _DEVICES)]
    for path, access in [*rules, *((path, _READ) for path in readable)]:
        try:
            opened = os.open(path, os.O_PATH | os.O_CLOEXEC)
        except OSError:
            continue  # there is nothing to read
        of_kind = every if path.is_dir() else every & _OF_FILES
        call(445, ruleset, 1, struct.pack("=Qi", access & of_kind, opened), 0)
        os.close(opened)
    call(446, ruleset, 0)
    os.close(ruleset)


def _block_sockets(libc: ctypes.CDLL) -> None:
    if platform.machine() not in _MACHINES:
        return
    machine, socket = _MACHINES[platform.machine()]
    load, equal, at_least, answer = 0x20, 0x15, 0x35, 0x06  # BPF's instructions
    program = [
        (load, 0, 0, 4),  # the machine
        (equal, 0, 5, machine),
        (load, 0, 0, 0),  # the call
        (at_least, 3, 0, _OTHER_CALLS),
        (equal, 2, 0, socket),
        (equal, 1, 0, _IO_URING_SETUP),
        (answer, 0, 0, 0x7FFF0000),  # allowed
        (answer, 0, 0, 0x00050000 | 13),  # EACCES
    ]
    code = ctypes.create_string_buffer(b"".join(struct.pack("=HBBI", *each) for each in program))
    header = struct.pack("@HP", len(program), ctypes.addressof(code))
    libc.prctl(22, ctypes.c_ulong(2), header)  # PR_SET_SECCOMP, SECCOMP_MODE_FILTER

"""The sandbox of a renderer process: what the kernel still lets it and its programs do when it reads hostile text.

Landlock limits files: one folder to write in; programs, libraries and the sound font to read. A seccomp filter blocks sockets,
and with them the network and the database. Both hold until the process ends. See landlock(7) and seccomp(2).
"""

from __future__ import annotations

import ctypes
import os
import platform
import struct
import sys
from collections.abc import Iterable
from functools import partial
from pathlib import Path

# Where systems keep programs, libraries and sound fonts; files of the loader and the C library; devices without content.
_SYSTEM = ("/usr", "/bin", "/sbin", "/lib", "/lib32", "/lib64", "/nix/store", "/etc/ld.so.cache", "/etc/alternatives")
_DEVICES = ("/dev/null", "/dev/zero", "/dev/random", "/dev/urandom")
_RIGHT_COUNTS = {1: 13, 2: 14, 3: 15, 4: 15}  # Landlock version → how many access rights it knows; 16 from version 5
_EXECUTE, _WRITE_FILE, _READ_FILE, _READ_DIR = (1 << bit for bit in range(4))
_READ = _EXECUTE | _READ_FILE | _READ_DIR
_FILE_RIGHTS = _EXECUTE | _WRITE_FILE | _READ_FILE | 1 << 14 | 1 << 15  # the last two: truncate, ioctl on devices
_MACHINES = {"x86_64": (0xC000003E, 41), "aarch64": (0xC00000B7, 198)}  # AUDIT_ARCH_*, and the number of the socket() call
_IO_URING_SETUP = 425  # it could open sockets past the filter
_X32_CALLS = 0x40000000  # from here on, x86-64 numbers all calls a second time (x32)


def missing() -> str:
    """What this system lacks for the sandbox, in a sentence for the host; empty if nothing."""
    if not sys.platform.startswith("linux") or struct.calcsize("P") != 8:
        return "Only on 64-bit Linux has the renderer a sandbox: here it may do what Tunesmith may."
    libc = ctypes.CDLL(None, use_errno=True)
    if _landlock_version(libc) < 1:
        return "The kernel has no Landlock: the renderer may read and write the files that Tunesmith may."
    if platform.machine() not in _MACHINES or libc.prctl(21, *map(ctypes.c_ulong, (0, 0, 0, 0))) < 0:  # PR_GET_SECCOMP
        return "The renderer's network cannot be blocked on this system."
    return ""


def enter_sandbox(folder: Path, readable: Iterable[Path]) -> None:
    """Restricts this thread and all that it starts: writing only in `folder`, reading only `readable` and the system's programs.

    Call it while there is no other thread. On a kernel without Landlock (older than Linux 5.13) only sockets are blocked; on
    other systems than Linux nothing is.
    """
    if not sys.platform.startswith("linux") or struct.calcsize("P") != 8:
        return
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.prctl(38, *map(ctypes.c_ulong, (1, 0, 0, 0))):  # PR_SET_NO_NEW_PRIVS, which Landlock and seccomp require
        return
    _restrict_files(libc, folder, [*map(Path, (*_SYSTEM, sys.prefix, sys.base_prefix)), *readable])
    _block_sockets(libc)


def _call(libc: ctypes.CDLL, number: int, *arguments: int | bytes | None) -> int:
    return int(libc.syscall(*(ctypes.c_long(each) if isinstance(each, int) else each for each in (number, *arguments))))


def _landlock_version(libc: ctypes.CDLL) -> int:
    """Negative without Landlock."""
    return _call(libc, 444, None, 0, 1)


def _restrict_files(libc: ctypes.CDLL, folder: Path, readable: Iterable[Path]) -> None:
    call, version = partial(_call, libc), _landlock_version(libc)
    if version < 1:
        return
    all_rights = (1 << _RIGHT_COUNTS.get(version, 16)) - 1
    # Files; TCP bind and connect from version 4; abstract sockets and signals to other processes from version 6.
    handled = struct.pack("=QQQ", all_rights, 3 * (version >= 4), 3 * (version >= 6))
    ruleset = call(444, handled, len(handled), 0)
    rules = [(folder, all_rights & ~_EXECUTE), *((Path(device), _READ_FILE | _WRITE_FILE) for device in _DEVICES)]
    for path, access in [*rules, *((path, _READ) for path in readable)]:
        try:
            opened = os.open(path, os.O_PATH | os.O_CLOEXEC)
        except OSError:
            continue  # not on this machine
        possible = all_rights if path.is_dir() else all_rights & _FILE_RIGHTS
        call(445, ruleset, 1, struct.pack("=Qi", access & possible, opened), 0)
        os.close(opened)
    call(446, ruleset, 0)
    os.close(ruleset)


def _block_sockets(libc: ctypes.CDLL) -> None:
    if platform.machine() not in _MACHINES:
        return
    arch, socket = _MACHINES[platform.machine()]
    load, equal, at_least, result = 0x20, 0x15, 0x35, 0x06  # BPF instructions
    program = [
        (load, 0, 0, 4),  # the architecture
        (equal, 0, 5, arch),
        (load, 0, 0, 0),  # the number of the call
        (at_least, 3, 0, _X32_CALLS),
        (equal, 2, 0, socket),
        (equal, 1, 0, _IO_URING_SETUP),
        (result, 0, 0, 0x7FFF0000),  # allowed
        (result, 0, 0, 0x00050000 | 13),  # EACCES
    ]
    code = ctypes.create_string_buffer(b"".join(struct.pack("=HBBI", *each) for each in program))
    header = struct.pack("@HP", len(program), ctypes.addressof(code))
    libc.prctl(22, ctypes.c_ulong(2), header)  # PR_SET_SECCOMP, SECCOMP_MODE_FILTER

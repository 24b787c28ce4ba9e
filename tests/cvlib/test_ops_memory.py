"""Arrays of some megabytes are not fetched from the system again and again."""

import platform
import subprocess
import sys

PROGRAM = """
import resource
import numpy as np
{imports}
x = np.ones((1 << 20) // 4, np.float32)
def faults():
    before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
    for _ in range(20):
        layers = [x + x for _ in range(16)]
        del layers
    return resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before
faults()
print(faults())
"""


def page_faults(imports: str) -> int:
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM.format(imports=imports)], capture_output=True, text=True, check=True
    )
    return int(done.stdout)


def test_freed_arrays_are_used_again():
    """Sixteen arrays of 1 MB have 4,096 pages; where the C library is glibc, they are fetched only once."""
    faults = page_faults("import cvlib.ops")
    if platform.libc_ver()[0] == "glibc":
        assert faults < 4096, f"{faults} page faults: cvlib.ops._memory has no effect"
    else:
        assert faults <= page_faults("") + 4096

"""clang-tidy over what a build compiled of src, parallel and bench, by all cores.

    tidy.py BUILD      BUILD: a folder that ninja built in

A file is read again only when it, a header it includes, its command or a .clang-tidy changed since it was last clean:
BUILD/tidy keeps a stamp for each. Exit code 1 where clang-tidy found something, after its lines; 66 without a build.
"""

import hashlib
import json
import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

PROJECT = Path(__file__).resolve().parents[2]
EXAMINED = [PROJECT / folder for folder in ("src", "parallel", "bench")]


def output_of(*command: str | Path) -> str:
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout


def commands_of(build: Path) -> dict[Path, dict[str, str]]:
    """The command of each source. What is compiled for virtual GPUs, in tests, is compiled for real ones too: only
    those commands name the vendor's own headers."""
    commands = {}
    for command in json.loads((build / "compile_commands.json").read_text()):
        source = Path(command["file"])
        examined = source.suffix == ".cpp" and any(
            source.is_relative_to(folder) for folder in EXAMINED
        )
        if examined and " -o tests/" not in command["command"]:
            commands[source] = command
    return commands


def includes_of(build: Path) -> dict[Path, set[Path]]:
    """The project's files that went into the object of each source, as ninja recorded them."""
    includes: dict[Path, set[Path]] = {}
    for entry in output_of("ninja", "-C", build, "-t", "deps").split("\n\n"):
        paths = [os.path.normpath(build / line.strip()) for line in entry.splitlines()[1:]]
        own = [Path(path) for path in paths if path.startswith(f"{PROJECT}/")]
        if own:
            includes.setdefault(own[0], set()).update(own)
    return includes


class Tidy:
    def __init__(self, build: Path) -> None:
        self.stamps = build / "tidy"
        self.stamps.mkdir(exist_ok=True)
        self.commands = commands_of(build)
        self.includes = includes_of(build)
        settings = [PROJECT / ".clang-tidy"]
        for folder in EXAMINED:
            settings += sorted(folder.rglob(".clang-tidy"))
        self.common = output_of("clang-tidy", "--version")
        self.common += "".join(file.read_text() for file in settings)
        (self.stamps / "compile_commands.json").write_text(json.dumps([*self.commands.values()]))

    def stamp(self, source: Path) -> Path:
        key = hashlib.sha256(self.common.encode())
        key.update(self.commands[source]["command"].encode())
        for file in sorted(self.includes[source]):
            key.update(str(file).encode() + b"\0" + file.read_bytes())
        return self.stamps / key.hexdigest()[:32]

    def unread(self) -> list[Path]:
        return [source for source in sorted(self.commands) if not self.stamp(source).exists()]

    def is_clean(self, source: Path) -> bool:
        stamp = self.stamp(source)  # of what is read now: the file may change meanwhile
        # The commands are GCC's, which knows warnings that clang does not.
        command = [
            "clang-tidy",
            "--quiet",
            "--extra-arg=-Wno-unknown-warning-option",
            "-p",
            self.stamps,
            source,
        ]
        result = subprocess.run(command, capture_output=True, text=True, check=False)
        if result.returncode == 0:
            stamp.touch()
        else:
            print(result.stdout, end="", flush=True)
        return result.returncode == 0


def main(build: Path) -> int:
    if not (build / "compile_commands.json").exists():
        print(f"tidy: {build} holds no build; cmake --preset release", file=sys.stderr)
        return 66
    tidy = Tidy(build)
    unbuilt = [source for source in tidy.commands if source not in tidy.includes]
    if unbuilt:
        print(
            f"tidy: {unbuilt[0]} was never compiled; cmake --build --preset release",
            file=sys.stderr,
        )
        return 66
    unread = tidy.unread()
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        clean = sum(pool.map(tidy.is_clean, unread))
    print(
        f"clang-tidy: {len(tidy.commands)} files, {len(unread)} of them read now, {len(unread) - clean} with findings"
    )
    return 0 if clean == len(unread) else 1


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1]).resolve()))

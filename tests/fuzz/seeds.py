"""What each target begins with: the fixtures, cut down, and a few inputs by hand."""

from __future__ import annotations

import json
import struct
from pathlib import Path

FIXTURES = Path(__file__).resolve().parents[1] / "fixtures"


def headers() -> list[bytes]:
    """The first tensors of every checkpoint: length of the data, length of the header, header."""
    seeds = [b"\0\0\0\0" + struct.pack("<Q", 2) + b"{}"]
    for file in sorted(FIXTURES.glob("*/*.safetensors")):
        with file.open("rb") as content:
            (length,) = struct.unpack("<Q", content.read(8))
            header = json.loads(content.read(length))
        tensors = sorted(
            (k for k in header if k != "__metadata__"), key=lambda k: header[k]["data_offsets"]
        )
        few = {key: header[key] for key in tensors[:3]}
        end = max(tensor["data_offsets"][1] for tensor in few.values())
        text = json.dumps({**few, "__metadata__": {"format": "pt"}}, separators=(",", ":")).encode()
        seeds.append(struct.pack("<IQ", end, len(text)) + text)
    return seeds


def configs() -> list[bytes]:
    return [file.read_bytes() for file in sorted(FIXTURES.glob("*/config.json"))]


def indexes() -> list[bytes]:
    return [
        json.dumps({"metadata": {"total_size": 8}, "weight_map": weight_map}).encode()
        for weight_map in (
            {"a": "a.safetensors", "b": "b.safetensors"},
            {"a": "a.safetensors"},
            {"a": "../b.safetensors", "b": "/etc/b.safetensors"},
            {},
        )
    ]


def tokenizers() -> list[bytes]:
    """Every component of the fixtures over a small vocabulary: an input costs as much as its file is long."""
    seeds = []
    for file in sorted(FIXTURES.glob("tokenizers/*/tokenizer.json")):
        tokenizer = json.loads(file.read_text(encoding="utf-8"))
        model = tokenizer["model"]
        merges = [
            merge.split(" ") if isinstance(merge, str) else merge for merge in model["merges"][:6]
        ]
        kept = {part for merge in merges for part in (*merge, "".join(merge))} | {
            model["unk_token"],
            "a",
            " ",
            "Ġ",
        }
        tokens = [token for token in model["vocab"] if token in kept or token.startswith("<0x4")]
        model["vocab"] = {token: index for index, token in enumerate(tokens)}
        model["merges"] = merges
        tokenizer["added_tokens"] = tokenizer["added_tokens"][:2]
        for index, token in enumerate(tokenizer["added_tokens"]):
            token["id"] = model["vocab"].get(token["content"], len(tokens) + index)
        seeds.append(json.dumps(tokenizer, separators=(",", ":")).encode())
        model["merges"] = [" ".join(merge) for merge in merges]
        seeds.append(json.dumps(tokenizer, ensure_ascii=False, separators=(",", ":")).encode())
    return seeds


def tomls() -> list[bytes]:
    return [
        b'model = "tiny"\ntp = [1, 2]\nnum-sequences = 3\n',
        b'# a comment\n[run]\nexperiments = ["strong-scaling", "latency"]\nprecision = 0.02\nresume = true\n',
        b"[workload]\nseed = 7\n[run]\nprobe-seconds = 1e-1\nslo = 'ttft=1'\n",
        b'tp = [\n 1,\n 2 # two\n]\noutput = "a\\\\b"\n[[run]]\nprofile = "smoke"\n[run.more]\nx = 1\n',
    ]


def traces() -> list[bytes]:
    return [
        b'{"input_ids": [1, 2, 3], "output_tokens": 4, "arrival_s": 0}\n',
        b'{"input_length": 16, "output_tokens": 4, "arrival_s": 0.25}\n\n{"input_ids": [9], "output_tokens": 1}',
        b'{"input_length": 1, "output_tokens": 1, "arrival_s": 1e-3}\r\n',
    ]


def npy(dtype: str, values: bytes, count: int, version: int) -> bytes:
    header = f"{{'descr': '{dtype}', 'fortran_order': False, 'shape': ({count},), }}\n".encode()
    length = struct.pack("<H" if version == 1 else "<I", len(header))
    return b"\x93NUMPY" + bytes([version, 0]) + length + header + values


def tokens() -> list[bytes]:
    return [
        b"1 22\t333\r\n2147483647\n",
        npy("<i4", struct.pack("<3i", 1, 2, 3), 3, 1),
        npy("<i8", struct.pack("<2q", 7, 8), 2, 2),
        npy("<i8", struct.pack("<2q", 7, 8), 2, 3),
    ]


def seeds_of(name: str) -> list[bytes]:
    return {
        "header": headers,
        "config": configs,
        "index": indexes,
        "tokenizer": tokenizers,
        "toml": tomls,
        "trace": traces,
        "tokens": tokens,
    }[name]()

#!/usr/bin/env python3
"""Train the embedded model: a byte-level Llama on the Python standard library, on a CPU.

Writes a plain Hugging Face folder (config, tokenizer, bf16 weights), the byte-pair counts of the
bigram model it is judged against, and the model card. Needs torch, numpy and safetensors:

    python bench/models/train_embedded.py

The model is in byte_llama.py, the training text in stdlib_text.py.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import math
import os
import platform
import string
import sys
import sysconfig
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import torch
from safetensors.torch import load_file, save_file
from torch import Tensor, nn

from byte_llama import CONFIG, CONTEXT, Llama, Muon, loss_of
from stdlib_text import SEPARATOR, Corpus, read_corpus, training_stream

HERE = Path(__file__).resolve().parent
SHORT = 256  # the training length while attention over long windows would only cost time
LONG_FROM = 0.88  # the share of the steps after which windows have the full context
STEP_BYTES = 4 * CONTEXT
MUON_RATE, ADAM_RATE = 0.03, 0.005
WARM_UP = 60  # steps
DECAY = 0.5  # the share of the steps over which the rate falls
CLIP = 1.0
STEPS = 1400
MICRO_BYTES = 4096
EVERY = 200
PROMPT = b"import sys\n\ndef main("


def batches(corpus: Corpus, rng: np.random.Generator, steps: int) -> Iterator[Tensor]:
    """Yield each step's windows, int64 [STEP_BYTES / T, T + 1], pass after pass over the text."""
    long_from = int(steps * LONG_FROM)
    windows = np.empty((0, SHORT + 1), dtype=np.uint8)
    for step in range(steps):
        length = SHORT if step < long_from else CONTEXT
        count = STEP_BYTES // length
        if len(windows) < count or windows.shape[1] != length + 1:
            stream = training_stream(corpus, rng)[int(rng.integers(length)) :]
            starts = np.arange(0, len(stream) - length - 1, length)
            windows = np.lib.stride_tricks.sliding_window_view(stream, length + 1)[starts]
            windows = windows[rng.permutation(len(windows))]
        yield torch.from_numpy(windows[:count].astype(np.int64))
        windows = windows[count:]


# --- training ---------------------------------------------------------------------------------


def schedule(step: int, steps: int) -> float:
    """Warm-up, a constant rate, then linear decay to zero over the second half of the steps."""
    return min((step + 1) / WARM_UP, 1.0, (steps - step) / (steps * DECAY))


def held_out_windows(corpus: Corpus) -> Tensor:
    """64 windows of the short length from the held-out files, int64 [64, SHORT + 1]."""
    stream = np.frombuffer(b"".join(SEPARATOR + doc for doc in corpus.held_out), dtype=np.uint8)
    starts = np.linspace(0, len(stream) - SHORT - 2, 64).astype(int)
    return torch.from_numpy(np.stack([stream[s : s + SHORT + 1] for s in starts]).astype(np.int64))


def backward(model: Llama, windows: Tensor) -> float:
    """Accumulate one step's gradient, in pieces that stay in the cache; returns the loss."""
    pieces = windows.split(max(1, MICRO_BYTES // (windows.shape[1] - 1)))
    loss = 0.0
    for piece in pieces:
        part = loss_of(model, piece) / len(pieces)
        part.backward()
        loss += part.item()
    return loss


@torch.no_grad()
def held_out_loss(model: Llama, windows: Tensor) -> float:
    """Mean loss over the held-out windows, nats a byte."""
    pieces = windows.split(8)
    return sum(loss_of(model, piece).item() for piece in pieces) / len(pieces)


def cpu_minutes(threads: int) -> float:
    """The CPU time so far, compilers included, as minutes of so many otherwise idle cores."""
    return sum(os.times()[:4]) / 60 / threads


def train(corpus: Corpus, args: argparse.Namespace) -> tuple[Llama, list[dict[str, float]]]:
    """Train by a fixed number of steps; returns the model and its loss curve."""
    torch.manual_seed(args.seed)
    model = Llama()
    matrices = [weight for weight in model.model.layers.parameters() if weight.ndim == 2]
    chosen = {id(weight) for weight in matrices}
    others = [weight for weight in model.parameters() if id(weight) not in chosen]
    muon = Muon(matrices)
    adam = torch.optim.AdamW(others, lr=ADAM_RATE, betas=(0.9, 0.95), weight_decay=0.0)
    probe = held_out_windows(corpus)
    if not args.eager:
        for layer in model.model.layers:
            layer.compile(dynamic=False)
    curve: list[dict[str, float]] = []
    losses: list[float] = []
    started = time.perf_counter()
    source = batches(corpus, np.random.default_rng(args.seed), args.steps)
    for step, windows in enumerate(source):
        losses.append(backward(model, windows))
        if step == 0 and abs(losses[0] - math.log(256)) > 0.2:
            raise SystemExit(f"The first loss is {losses[0]:.3f}; an untrained model has 5.545.")
        nn.utils.clip_grad_norm_(model.parameters(), CLIP)
        share = schedule(step, args.steps)
        muon.step(MUON_RATE * share, momentum=min(0.95, 0.85 + step / 2000))
        adam.param_groups[0]["lr"] = ADAM_RATE * share
        adam.step()
        model.zero_grad(set_to_none=True)
        if (step + 1) % args.every == 0 or step + 1 == args.steps:
            mean, held = sum(losses) / len(losses), held_out_loss(model, probe)
            losses.clear()
            curve.append({"step": step + 1, "train": mean, "held_out": held})
            print(
                f"step {step + 1:5d}/{args.steps}  train {mean:.4f}  held-out {held:.4f}  "
                f"{(time.perf_counter() - started) / 60:.1f} min, "
                f"{cpu_minutes(args.threads):.1f} min of {args.threads} cores",
                flush=True,
            )
    return model, curve


# --- what is judged ----------------------------------------------------------------------------


def count_pairs(corpus: Corpus, seed: int) -> np.ndarray:
    """Count byte pairs of one pass over the training text, uint32 [256 previous, 256 next]."""
    stream = training_stream(corpus, np.random.default_rng(seed)).astype(np.int64)
    pairs = np.bincount(stream[:-1] * 256 + stream[1:], minlength=65536)
    return pairs.astype("<u4").reshape(256, 256)


@torch.no_grad()
def perplexities(model: Llama, counts: np.ndarray, documents: list[bytes]) -> tuple[float, float]:
    """Perplexity a byte of the model and of the bigram counts (plus one each) on documents.

    Each document follows a separator and is read in windows of the full context, so that both
    predict every byte of it once.
    """
    smoothed = counts.astype(np.float64) + 1.0
    bigram = -np.log(smoothed / smoothed.sum(axis=1, keepdims=True))
    totals, size = np.zeros(2), 0
    for document in documents:
        ids = np.frombuffer(SEPARATOR + document, dtype=np.uint8).astype(np.int64)
        totals[1] += bigram[ids[:-1], ids[1:]].sum()
        size += len(document)
        for start in range(0, len(document), CONTEXT):
            window = torch.from_numpy(ids[None, start : start + CONTEXT + 1])
            totals[0] += loss_of(model, window).item() * (window.shape[1] - 1)
    model_nats, bigram_nats = totals / max(size, 1)
    return math.exp(model_nats), math.exp(bigram_nats)


@torch.no_grad()
def continue_text(model: Llama, prompt: bytes, count: int, temperature: float) -> str:
    """Continue a prompt from a document's start; temperature 0 is greedy."""
    ids = torch.tensor([list(SEPARATOR + prompt)])
    for _ in range(count):
        logits = model(ids[:, -CONTEXT:])[:, -1]
        if temperature > 0:
            chosen = torch.multinomial((logits / temperature).softmax(dim=-1), 1)
        else:
            chosen = logits.argmax(dim=-1, keepdim=True)
        ids = torch.cat((ids, chosen), dim=1)
    return bytes(ids[0, 1:].tolist()).decode("utf-8", "replace")


# --- the folder --------------------------------------------------------------------------------


def byte_alphabet() -> list[str]:
    """The printable character that byte-level BPE writes for each byte, as GPT-2 chose them."""
    plain = {*range(33, 127), *range(161, 173), *range(174, 256)}
    spare = iter(range(256, 512))
    return [chr(byte if byte in plain else next(spare)) for byte in range(256)]


def write_json(path: Path, content: object) -> None:
    path.write_text(json.dumps(content, indent=2) + "\n", encoding="utf-8")


def write_config(folder: Path) -> None:
    """Write the configuration and a byte-level BPE tokenizer without merges: id = byte."""
    folder.mkdir(parents=True, exist_ok=True)
    level = {"type": "ByteLevel", "add_prefix_space": False, "trim_offsets": True}
    level["use_regex"] = False
    write_json(folder / "config.json", CONFIG)
    write_json(folder / "generation_config.json", {"eos_token_id": 0, "do_sample": False})
    write_json(
        folder / "tokenizer_config.json",
        {"tokenizer_class": "PreTrainedTokenizerFast", "model_max_length": CONTEXT},
    )
    model = {
        "type": "BPE",
        "dropout": None,
        "unk_token": None,
        "continuing_subword_prefix": None,
        "end_of_word_suffix": None,
        "fuse_unk": False,
        "byte_fallback": False,
        "vocab": {character: byte for byte, character in enumerate(byte_alphabet())},
        "merges": [],
    }
    tokenizer = {"version": "1.0", "truncation": None, "padding": None, "added_tokens": []}
    tokenizer |= {"normalizer": None, "pre_tokenizer": level, "post_processor": None}
    write_json(folder / "tokenizer.json", tokenizer | {"decoder": level, "model": model})


def load(folder: Path) -> tuple[Llama, np.ndarray]:
    """Read the weights and the pair counts back, as anyone else does."""
    model = Llama()
    model.load_state_dict(load_file(folder / "model.safetensors"))
    return model, np.fromfile(folder / "bigram.bin", dtype="<u4").reshape(256, 256)


def evaluate(folder: Path, paths: list[Path]) -> None:
    """Print both perplexities on the Python and on the Markdown among these files and folders."""
    model, counts = load(folder)
    files = sorted(f for path in paths for f in (path.rglob("*") if path.is_dir() else [path]))
    for suffix in (".py", ".md"):
        documents = [file.read_bytes() for file in files if file.suffix == suffix]
        if documents:
            ours, bigram = perplexities(model, counts, documents)
            size = sum(map(len, documents))
            print(f"{suffix} {size:8d} bytes: model {ours:.2f}, bigram {bigram:.2f}", flush=True)


def write_card(folder: Path, facts: dict[str, object]) -> None:
    """Fill the model card's template in."""
    template = string.Template((HERE / "embedded_card.md.in").read_text(encoding="utf-8"))
    (folder / "README.md").write_text(template.substitute(facts), encoding="utf-8")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--steps", type=int, default=STEPS)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--every", type=int, default=EVERY, help="steps between losses")
    parser.add_argument("--output", type=Path, default=HERE / "embedded")
    parser.add_argument("--eager", action="store_true", help="train without a C++ compiler")
    parser.add_argument(
        "--evaluate", type=Path, nargs="+", metavar="PATH", help="do not train: judge these"
    )
    args = parser.parse_args()
    torch.set_num_threads(args.threads)
    if args.evaluate:
        evaluate(args.output, args.evaluate)
        return
    corpus = read_corpus(Path(sysconfig.get_path("stdlib")))
    sizes = {kind: sum(map(len, documents)) for kind, documents in corpus._asdict().items()}
    print(f"Python {platform.python_version()} standard library, bytes: {sizes}", flush=True)
    write_config(args.output)
    started = time.perf_counter()
    model, curve = train(corpus, args)
    wall, cpu = (time.perf_counter() - started) / 60, cpu_minutes(args.threads)
    weights = {name: w.detach().bfloat16().contiguous() for name, w in model.state_dict().items()}
    save_file(weights, args.output / "model.safetensors", metadata={"format": "pt"})
    count_pairs(corpus, args.seed).tofile(args.output / "bigram.bin")
    model, counts = load(args.output)
    torch.manual_seed(args.seed)
    ours, bigram = perplexities(model, counts, corpus.held_out)
    print(f"held-out files, perplexity a byte: model {ours:.2f}, bigram {bigram:.2f}")
    digest = hashlib.sha256((args.output / "model.safetensors").read_bytes()).hexdigest()
    facts = {
        "python": platform.python_version(),
        "torch": torch.__version__.split("+")[0],
        "parameters": f"{sum(w.numel() for w in weights.values()):,}",
        "layers": CONFIG["num_hidden_layers"],
        "steps": args.steps,
        "seed": args.seed,
        "trained": f"{args.steps * STEP_BYTES / 1e6:.1f}",
        "cpu": f"{cpu:.1f}",
        "wall": f"{wall:.1f}",
        "model": f"{ours:.2f}",
        "bigram": f"{bigram:.2f}",
        "sha256": digest,
        "greedy": continue_text(model, PROMPT, 240, temperature=0.0).rstrip(),
        "drawn": continue_text(model, PROMPT, 360, temperature=0.6).rstrip(),
        "curve": "\n".join(
            f"| {row['step']} | {row['train']:.3f} | {row['held_out']:.3f} |" for row in curve
        ),
    } | {f"{kind}_bytes": f"{size / 1e6:.1f}" for kind, size in sizes.items()}
    write_card(args.output, facts)
    print(f"\n{facts['drawn']}\n\nsha256 {digest}\n{cpu:.1f} min of {args.threads} cores")


if __name__ == "__main__":
    sys.exit(main())

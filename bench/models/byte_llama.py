"""A byte-level Llama in plain PyTorch and the optimiser it is trained with.

Only what `train_embedded.py` needs: tensor names and rotary order are those of Hugging Face's
LlamaForCausalLM, so that the trained weights load there and in this project unchanged.

Shapes: B sequences, T positions, H query heads, K key/value heads, D head dimension.
"""

from __future__ import annotations

import math

import torch
from torch import Tensor, nn
from torch.nn import functional

CONFIG = {
    "architectures": ["LlamaForCausalLM"],
    "attention_bias": False,
    "attention_dropout": 0.0,
    "bos_token_id": None,
    "eos_token_id": 0,
    "head_dim": 32,
    "hidden_act": "silu",
    "hidden_size": 256,
    "initializer_range": 0.02,
    "intermediate_size": 768,
    "max_position_embeddings": 2048,
    "mlp_bias": False,
    "model_type": "llama",
    "num_attention_heads": 8,
    "num_hidden_layers": 5,
    "num_key_value_heads": 4,
    "pretraining_tp": 1,
    "rms_norm_eps": 1e-5,
    "rope_scaling": None,
    "rope_theta": 10000.0,
    "tie_word_embeddings": False,
    "torch_dtype": "bfloat16",
    "use_cache": True,
    "vocab_size": 256,
}
CONTEXT = int(CONFIG["max_position_embeddings"])
QUERY_BLOCK = 256
WEIGHT_DECAY = 0.05


def linear(layer: nn.Linear, x: Tensor) -> Tensor:
    """Multiply in bf16, the type the weights are stored in, while the masters stay f32."""
    return functional.linear(x, layer.weight.to(x.dtype))


def rotate(x: Tensor, cosine: Tensor, sine: Tensor) -> Tensor:
    """Apply rotary positions in Hugging Face's order: dimension i pairs with i + D / 2."""
    low, high = x.chunk(2, dim=-1)
    return torch.cat((low * cosine - high * sine, high * cosine + low * sine), dim=-1)


def attention(q: Tensor, k: Tensor, v: Tensor) -> Tensor:
    """Attend causally, q [B, H, T, D], k and v [B, K, T, D]; returns [B, H, T, D].

    The backward of torch's fused CPU kernel is slower than these plain products, taken by blocks
    of queries so that nothing beyond the diagonal block is computed; its forward is faster.
    """
    if not torch.is_grad_enabled():
        return functional.scaled_dot_product_attention(q, k, v, is_causal=True, enable_gqa=True)
    batch, heads, length, width = q.shape
    group = heads // k.shape[1]
    k, v = k.flatten(0, 1), v.flatten(0, 1)
    q = q.reshape(-1, group, length, width)
    outputs = []
    for start in range(0, length, QUERY_BLOCK):
        end = min(start + QUERY_BLOCK, length)
        mask = torch.full((end - start, end), -math.inf, dtype=q.dtype).triu(start + 1)
        scores = torch.baddbmm(
            mask.repeat(group, 1),
            q[:, :, start:end].flatten(1, 2),
            k[:, :end].transpose(1, 2),
            alpha=width**-0.5,
        )
        output = torch.bmm(scores.softmax(dim=-1), v[:, :end])
        outputs.append(output.view(-1, group, end - start, width))
    return torch.cat(outputs, dim=2).view(batch, heads, length, width)


class Norm(nn.Module):
    """Root-mean-square norm."""

    def __init__(self) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.ones(CONFIG["hidden_size"]))

    def forward(self, x: Tensor) -> Tensor:
        scale = torch.rsqrt(x.float().square().mean(-1, keepdim=True) + CONFIG["rms_norm_eps"])
        return (x * scale * self.weight).to(x.dtype)


class Attention(nn.Module):
    """Grouped-query attention with rotary positions."""

    def __init__(self) -> None:
        super().__init__()
        hidden, self.width = CONFIG["hidden_size"], CONFIG["head_dim"]
        kv = CONFIG["num_key_value_heads"] * self.width
        self.q_proj = nn.Linear(hidden, CONFIG["num_attention_heads"] * self.width, bias=False)
        self.k_proj = nn.Linear(hidden, kv, bias=False)
        self.v_proj = nn.Linear(hidden, kv, bias=False)
        self.o_proj = nn.Linear(CONFIG["num_attention_heads"] * self.width, hidden, bias=False)

    def forward(self, x: Tensor, cosine: Tensor, sine: Tensor) -> Tensor:
        batch, length, _ = x.shape
        q, k, v = (
            linear(layer, x).view(batch, length, -1, self.width).transpose(1, 2)
            for layer in (self.q_proj, self.k_proj, self.v_proj)
        )
        out = attention(rotate(q, cosine, sine), rotate(k, cosine, sine), v)
        return linear(self.o_proj, out.transpose(1, 2).flatten(2))


class Mlp(nn.Module):
    """The gated feed-forward network."""

    def __init__(self) -> None:
        super().__init__()
        hidden, inner = CONFIG["hidden_size"], CONFIG["intermediate_size"]
        self.gate_proj = nn.Linear(hidden, inner, bias=False)
        self.up_proj = nn.Linear(hidden, inner, bias=False)
        self.down_proj = nn.Linear(inner, hidden, bias=False)

    def forward(self, x: Tensor) -> Tensor:
        gate = functional.silu(linear(self.gate_proj, x))
        return linear(self.down_proj, gate * linear(self.up_proj, x))


class Layer(nn.Module):
    """One transformer layer; the names of the parts are those of Hugging Face's Llama."""

    def __init__(self) -> None:
        super().__init__()
        self.input_layernorm = Norm()
        self.self_attn = Attention()
        self.post_attention_layernorm = Norm()
        self.mlp = Mlp()

    def forward(self, x: Tensor, cosine: Tensor, sine: Tensor) -> Tensor:
        x = x + self.self_attn(self.input_layernorm(x), cosine, sine)
        return x + self.mlp(self.post_attention_layernorm(x))


class Llama(nn.Module):
    """The whole model, with the tensor names of LlamaForCausalLM."""

    def __init__(self) -> None:
        super().__init__()
        vocabulary, hidden = CONFIG["vocab_size"], CONFIG["hidden_size"]
        self.model = nn.Module()
        self.model.embed_tokens = nn.Embedding(vocabulary, hidden)
        self.model.layers = nn.ModuleList(Layer() for _ in range(CONFIG["num_hidden_layers"]))
        self.model.norm = Norm()
        self.lm_head = nn.Linear(hidden, vocabulary, bias=False)
        half = CONFIG["head_dim"] // 2
        speeds = CONFIG["rope_theta"] ** (-torch.arange(half, dtype=torch.float32) / half)
        angles = torch.outer(torch.arange(CONTEXT, dtype=torch.float32), speeds)
        self.rotary = (angles.cos().bfloat16(), angles.sin().bfloat16())
        for name, weight in self.named_parameters():
            if name.endswith(("o_proj.weight", "down_proj.weight")):
                nn.init.zeros_(weight)  # each layer starts as the identity
            elif weight.ndim == 2:
                nn.init.normal_(weight, std=CONFIG["initializer_range"])

    def forward(self, ids: Tensor) -> Tensor:
        """Return the logits, f32 [B, T, 256], for ids [B, T]."""
        cosine, sine = (table[: ids.shape[1]] for table in self.rotary)
        x = self.model.embed_tokens(ids).bfloat16()
        for layer in self.model.layers:
            x = layer(x, cosine, sine)
        return linear(self.lm_head, self.model.norm(x)).float()


def loss_of(model: nn.Module, windows: Tensor) -> Tensor:
    """Mean cross-entropy, nats a byte, of windows [B, T + 1]."""
    logits = model(windows[:, :-1])
    return functional.cross_entropy(logits.flatten(0, 1), windows[:, 1:].flatten())


class Muon:
    """Momentum whose update is made orthogonal, for the matrices between the embeddings.

    At this budget it needs far fewer steps than Adam. Matrices of one shape are stacked, since
    the Newton-Schulz products of a single one are too small to be fast.
    """

    def __init__(self, weights: list[nn.Parameter]) -> None:
        shapes = sorted({tuple(weight.shape) for weight in weights})
        self.groups = [[w for w in weights if tuple(w.shape) == shape] for shape in shapes]
        self.momenta = [torch.zeros(len(g), *g[0].shape) for g in self.groups]

    @torch.no_grad()
    def step(self, rate: float, momentum: float) -> None:
        for weights, average in zip(self.groups, self.momenta, strict=True):
            gradient = torch.stack([weight.grad for weight in weights])
            average.lerp_(gradient, 1 - momentum)
            update = orthogonal(gradient.lerp_(average, momentum))
            scale = rate * max(1.0, update.shape[1] / update.shape[2]) ** 0.5
            for weight, change in zip(weights, update, strict=True):
                weight.mul_(1 - rate * WEIGHT_DECAY).sub_(change, alpha=scale)


def orthogonal(matrices: Tensor) -> Tensor:
    """Bring the singular values of [N, rows, columns] near 1 by five Newton-Schulz steps."""
    a, b, c = 3.4445, -4.7750, 2.0315
    tall = matrices.shape[1] > matrices.shape[2]
    x = (matrices.mT if tall else matrices).bfloat16()
    x = x / (x.norm(dim=(1, 2), keepdim=True) + 1e-7)
    for _ in range(5):
        square = x @ x.mT
        x = a * x + (b * square + c * square @ square) @ x
    return (x.mT if tall else x).float()

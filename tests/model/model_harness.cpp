#include "model/model_harness.h"

#include <algorithm>
#include <cmath>

#include "parallel/shard_plan.h"
#include "support/backend_under_test.h"

namespace tpscale::test {
namespace {

std::unique_ptr<Backend> make_backend(const Communicator& comm) {
  BackendOptions options;
  options.threads = 1;
  options.huge_pages = false;
  return make_backend_under_test(options, {comm.rank(), comm.size(), comm.size() > 1});
}

}  // namespace

ModelHarness::ModelHarness(const std::string& model, Dtype compute_dtype, Communicator& comm,
                           std::int64_t max_tokens)
    : comm_(comm),
      backend_(make_backend(comm)),
      source_(open_model(model, "", 5)),
      num_blocks_((max_tokens + kBlockSize - 1) / kBlockSize),
      max_tokens_(max_tokens) {
  const ModelConfig& config = source_->config();
  const ModelShard shard = plan_shard(config, comm.size(), comm.rank());
  transformer_ = std::make_unique<Transformer>(*backend_, *source_, shard, compute_dtype, max_tokens,
                                               max_tokens, max_tokens);
  const std::int64_t block = shard.num_kv_heads * kBlockSize * config.head_dim;
  const std::int64_t layer = 2 * num_blocks_ * block;
  const auto element = static_cast<std::int64_t>(size_of(compute_dtype));
  pool_ =
      backend_->allocate(static_cast<std::size_t>(config.num_layers * layer * element), MemoryKind::kKvCache);
  for (std::int64_t i = 0; i < config.num_layers; ++i) {
    std::byte* keys = pool_.as<std::byte>() + i * layer * element;
    kv_.push_back({keys, keys + num_blocks_ * block * element, compute_dtype, num_blocks_, kBlockSize,
                   shard.num_kv_heads, config.head_dim, block});
  }
  inputs_ = backend_->allocate(
      static_cast<std::size_t>(4 * max_tokens + num_blocks_ + 4) * sizeof(std::int32_t), MemoryKind::kOther);
}

BatchView ModelHarness::prepare(std::span<const std::int32_t> tokens) {
  const auto count = static_cast<std::int64_t>(tokens.size());
  const std::int64_t length = length_ + count;
  const auto block_of = [&](std::int64_t position) { return num_blocks_ - 1 - position / kBlockSize; };
  std::vector<std::int32_t> positions, lengths(tokens.size(), static_cast<std::int32_t>(length)),
      rows(tokens.size());
  std::vector<std::int32_t> host(tokens.begin(), tokens.end());
  for (std::int64_t p = length_; p < length; ++p) positions.push_back(static_cast<std::int32_t>(p));
  transformer_->rope_rows(positions, lengths, rows);
  host.insert(host.end(), rows.begin(), rows.end());
  for (std::int64_t p = length_; p < length; ++p) {
    host.push_back(static_cast<std::int32_t>(block_of(p) * kBlockSize + p % kBlockSize));
  }
  host.insert(host.end(), {0, static_cast<std::int32_t>(count), static_cast<std::int32_t>(length)});
  for (std::int64_t b = 0; b < num_blocks_; ++b)
    host.push_back(static_cast<std::int32_t>(num_blocks_ - 1 - b));
  host.push_back(static_cast<std::int32_t>(count - 1));
  backend_->upload(inputs_.data(), host.data(), host.size() * sizeof(std::int32_t));
  backend_->stream().synchronize();

  const auto* device = inputs_.as<const std::int32_t>();
  BatchView batch;
  batch.num_tokens = count;
  batch.num_sequences = 1;
  batch.num_logits = 1;
  batch.max_blocks = num_blocks_;
  batch.max_query_len = count;
  batch.max_context_len = length;
  batch.token_ids = device;
  batch.rope_rows = device + count;
  batch.slot_mapping = device + 2 * count;
  batch.cu_seqlens_q = device + 3 * count;
  batch.context_lens = device + 3 * count + 2;
  batch.block_tables = device + 3 * count + 3;
  batch.logits_rows = batch.block_tables + num_blocks_;
  length_ = length;
  return batch;
}

std::vector<float> ModelHarness::append(std::span<const std::int32_t> tokens) {
  const Execution execution{backend_->ops(), comm_};
  const TensorView hidden =
      transformer_->forward(execution, prepare(tokens), std::span<const KvLayerView>(kv_));
  const TensorView logits = transformer_->logits(execution, hidden);
  std::vector<std::byte> raw(logits.bytes());
  backend_->download(raw.data(), logits.data, raw.size());
  const std::int64_t shard_vocab = transformer_->shard().vocab_size, vocab = config().vocab_size;
  const auto count = static_cast<std::int64_t>(tokens.size());
  std::vector<float> out(static_cast<std::size_t>(count * vocab));
  dispatch_dtype(logits.dtype, [&](auto zero) {
    const auto* values = reinterpret_cast<const decltype(zero)*>(raw.data());
    for (std::int64_t row = 0; row < count; ++row) {
      for (std::int64_t v = 0; v < vocab; ++v) {
        const std::int64_t at = (v / shard_vocab * count + row) * shard_vocab + v % shard_vocab;
        out[static_cast<std::size_t>(row * vocab + v)] = static_cast<float>(values[at]);
      }
    }
  });
  return out;
}

std::int32_t ModelHarness::append_and_choose(std::span<const std::int32_t> tokens) {
  const Buffer next = backend_->allocate(sizeof(std::int32_t), MemoryKind::kOther);
  transformer_->next_tokens({backend_->ops(), comm_}, prepare(tokens), std::span<const KvLayerView>(kv_),
                            next.as<std::int32_t>());
  std::int32_t id = -1;
  backend_->download(&id, next.data(), sizeof id);
  return id;
}

std::vector<std::int32_t> ModelHarness::greedy(std::span<const std::int32_t> prompt, std::size_t count) {
  restart();
  std::vector<std::int32_t> ids{append_and_choose(prompt)};
  while (ids.size() < count) ids.push_back(append_and_choose({&ids.back(), 1}));
  return ids;
}

std::vector<double> nll_of(std::span<const float> logits, std::span<const std::int32_t> tokens) {
  const std::size_t vocab = logits.size() / tokens.size();
  std::vector<double> nll;
  for (std::size_t i = 0; i + 1 < tokens.size(); ++i) {
    const auto row = logits.subspan(i * vocab, vocab);
    const double largest = *std::max_element(row.begin(), row.end());
    double sum = 0.0;
    for (const float logit : row) sum += std::exp(static_cast<double>(logit) - largest);
    nll.push_back(largest + std::log(sum) -
                  static_cast<double>(row[static_cast<std::size_t>(tokens[i + 1])]));
  }
  return nll;
}

}  // namespace tpscale::test

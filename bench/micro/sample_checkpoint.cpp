#include "bench/micro/sample_checkpoint.h"

#include <algorithm>
#include <fstream>
#include <string>
#include <system_error>
#include <vector>

#include "core/counter_rng.h"
#include "core/dtype.h"
#include "core/error.h"
#include "model/config.h"
#include "model/tensor_list.h"

namespace tpscale {
namespace {

namespace fs = std::filesystem;

constexpr std::int64_t kHidden = 1024, kIntermediate = 2752, kHeads = 8, kVocabulary = 2048;
constexpr std::int64_t kLayerMib = 24, kTablesMib = 8;

std::string config_text(std::int64_t layers) {
  const auto field = [](const std::string& name, std::int64_t value) {
    return ", \"" + name + "\": " + std::to_string(value);
  };
  return R"({"architectures": ["LlamaForCausalLM"], "model_type": "llama", "torch_dtype": "bfloat16")" +
         field("hidden_size", kHidden) + field("intermediate_size", kIntermediate) +
         field("num_attention_heads", kHeads) + field("num_hidden_layers", layers) +
         field("vocab_size", kVocabulary) + field("max_position_embeddings", 2048) + "}\n";
}

std::string header_text(const std::vector<TensorSpec>& tensors) {
  std::string text = "{";
  std::int64_t offset = 0;
  for (const TensorSpec& tensor : tensors) {
    const std::int64_t end = offset + tensor.rows * tensor.cols * 2;
    text += (text.size() > 1 ? ",\"" : "\"") + tensor.name + R"(":{"dtype":"BF16","shape":[)" +
            (tensor.vector ? "" : std::to_string(tensor.rows) + ",") + std::to_string(tensor.cols) +
            R"(],"data_offsets":[)" + std::to_string(offset) + "," + std::to_string(end) + "]}";
    offset = end;
  }
  return text + "}";
}

bool write_config(const fs::path& folder, const std::string& text) {
  std::ofstream file(folder / "config.json");
  file << text;
  return !file.flush().fail();
}

bool write_tensors(const fs::path& folder, const std::vector<TensorSpec>& tensors) {
  const std::string header = header_text(tensors);
  std::ofstream file(folder / "model.safetensors", std::ios::binary);
  for (std::size_t i = 0, rest = header.size(); i < 8; ++i, rest >>= 8)
    file.put(static_cast<char>(rest & 0xFF));
  file << header;
  std::vector<BFloat16> values(std::size_t{1} << 20);
  for (std::size_t i = 0; i < values.size(); ++i) values[i] = BFloat16(counter_normal(5, i));
  for (const TensorSpec& tensor : tensors) {
    for (std::int64_t left = tensor.rows * tensor.cols; left > 0 && file;) {
      const std::int64_t count = std::min(left, static_cast<std::int64_t>(values.size()));
      file.write(reinterpret_cast<const char*>(values.data()), count * 2);
      left -= count;
    }
  }
  return !file.flush().fail();
}

}  // namespace

void write_sample_checkpoint(const fs::path& folder, std::int64_t mib) {
  const std::int64_t layers = std::max<std::int64_t>(1, (mib - kTablesMib + kLayerMib / 2) / kLayerMib);
  const std::string text = config_text(layers);
  const std::vector<TensorSpec> tensors = tensor_list(parse_config(text, "the sample checkpoint"));
  const fs::path part = folder.string() + ".part";
  std::error_code problem;
  fs::create_directories(part, problem);
  const bool written = !problem && write_config(part, text) && write_tensors(part, tensors);
  if (written) fs::rename(part, folder, problem);
  if (written && !problem) return;
  fs::remove_all(part, problem);
  throw InputOutputError("the sample checkpoint cannot be written to '" + folder.string() +
                         "' (--scratch names another place, --file-mib another size)");
}

}  // namespace tpscale

#include <filesystem>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "bench/micro/families.h"
#include "bench/micro/sample_checkpoint.h"
#include "model/checkpoint.h"
#include "model/model_file.h"
#include "model/tensor_list.h"
#include "model/weights.h"
#include "parallel/shard_plan.h"

namespace tpscale {
namespace {

namespace fs = std::filesystem;

/// A checkpoint that has just been written and read once: it lies in the page cache.
struct Files {
  Files(const std::string& scratch, std::int64_t mib) : folder(fs::path(scratch) / "checkpoint") {
    if (!fs::exists(folder)) write_sample_checkpoint(folder, mib);
    read_whole();
  }

  double bytes() const { return static_cast<double>(fs::file_size(folder / "model.safetensors")); }

  /// What the others are held against: the file as it lies there, piece by piece into the same memory.
  void read_whole() {
    const ModelFile file(folder.string(), "model.safetensors");
    for (std::int64_t offset = 0; offset < file.size(); offset += kPiece) {
      file.read(offset, piece.data(), std::min(kPiece, file.size() - offset));
    }
  }

  /// Opened and checked, then every tensor read by rows.
  void read_tensors() {
    const Checkpoint checkpoint(folder.string(), "sample");
    for (const TensorSpec& tensor : tensor_list(checkpoint.config())) {
      const std::int64_t rows = std::max<std::int64_t>(1, kPiece / (tensor.cols * 2));
      for (std::int64_t row = 0; row < tensor.rows; row += rows) {
        checkpoint.read({tensor.name, row, std::min(rows, tensor.rows - row), 0, tensor.cols}, piece.data());
      }
    }
  }

  /// As a model is loaded: onto the device, in the order of its kernels.
  void load(Backend& backend) const {
    const Checkpoint checkpoint(folder.string(), "sample");
    const ModelWeights weights =
        load_weights(backend, checkpoint, plan_shard(checkpoint.config(), 1, 0), Dtype::kBF16);
    backend.stream().synchronize();
  }

  static constexpr std::int64_t kPiece = std::int64_t{4} << 20;
  fs::path folder;
  std::vector<std::byte> piece = std::vector<std::byte>(static_cast<std::size_t>(kPiece));
};

void add(const Families& all, const CaseName& name, const std::function<void(Files&)>& once) {
  all.suite.add(
      name,
      [scratch = all.scratch, mib = all.options.file_mib, once] {
        const auto files = std::make_shared<Files>(scratch, mib);
        Work work{rate("bytes", "B", files->bytes())};
        return Prepared{[files, once] { once(*files); }, std::move(work), nullptr};
      },
      benchmark::kMillisecond);
}

}  // namespace

void register_loading(const Families& all) {
  const auto named = [&](const char* op) {
    return CaseName("safetensors", op).number("mib", all.options.file_mib);
  };
  add(all, named("plain_read"), [](Files& files) { files.read_whole(); });
  add(all, named("read_tensors"), [](Files& files) { files.read_tensors(); });
  for (const DeviceChoice& choice : all.devices->choices()) {
    CaseName name = named("load_weights");
    all.devices->name(name, choice, true);
    add(all, name,
        [devices = all.devices, choice](Files& files) { files.load(devices->get(choice).backend()); });
  }
}

}  // namespace tpscale

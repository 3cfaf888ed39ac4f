#include "model/checkpoint_files.h"

#include <filesystem>
#include <set>
#include <utility>

#include "core/error.h"
#include "model/flat_json.h"

namespace tpscale {
namespace {

constexpr const char* kWhole = "model.safetensors";
constexpr const char* kIndex = "model.safetensors.index.json";
constexpr std::int64_t kMaxIndexBytes = std::int64_t{64} << 20;
constexpr std::size_t kMaxShards = 512;  // each holds a file descriptor

bool exists(const std::string& folder, const char* name) {
  std::error_code ignored;
  return std::filesystem::exists(
      std::filesystem::symlink_status(std::filesystem::path(folder) / name, ignored));
}

void add_file(CheckpointFiles& checkpoint, const std::string& folder, const std::string& name) {
  ModelFile file(folder, name);
  const std::string shown = printable(file.path());
  if (file.size() < 8)
    throw BadDataError(shown + ": is shorter than the 8 bytes a safetensors file begins with");
  unsigned char first_bytes[8];
  file.read(0, first_bytes, sizeof first_bytes);
  const std::int64_t header_size = safetensors_header_size(first_bytes, file.size(), shown);
  std::string header(static_cast<std::size_t>(header_size), '\0');
  file.read(8, header.data(), header_size);
  const std::int64_t data_begin = 8 + header_size;
  for (SafetensorsEntry& entry : parse_safetensors_header(header, file.size() - data_begin, shown)) {
    StoredTensor tensor{checkpoint.files.size(), data_begin + entry.begin, std::move(entry)};
    const std::string tensor_name = tensor.entry.name;
    if (!checkpoint.tensors.emplace(tensor_name, std::move(tensor)).second) {
      throw BadDataError(shown + ": holds tensor '" + printable(tensor_name) +
                         "', which an earlier shard holds too");
    }
  }
  checkpoint.files.push_back(std::move(file));
}

/// Tensor -> shard, as the index says.
std::map<std::string, std::string> read_index(const std::string& folder) {
  const ModelFile file(folder, kIndex);
  const FlatJson json(file.read_all(kMaxIndexBytes), printable(file.path()));
  constexpr std::string_view kPrefix = "weight_map/";
  std::map<std::string, std::string> weight_map;
  for (const auto& [path, value] : json.values()) {
    if (!path.starts_with(kPrefix)) continue;
    const auto* shard = std::get_if<std::string>(&value);
    if (shard == nullptr) json.fail(printable(path) + " must be the name of a file");
    if (!shard->ends_with(".safetensors")) {
      json.fail("the shard name '" + printable(*shard) + "' does not end in .safetensors");
    }
    weight_map.emplace(path.substr(kPrefix.size()), *shard);
  }
  if (weight_map.empty()) json.fail("weight_map is missing or empty");
  return weight_map;
}

void add_shards(CheckpointFiles& checkpoint, const std::string& folder) {
  const auto weight_map = read_index(folder);
  std::set<std::string> shards;
  for (const auto& [tensor, shard] : weight_map) shards.insert(shard);
  if (shards.size() > kMaxShards) {
    throw BadDataError(std::string(kIndex) + ": names " + std::to_string(shards.size()) +
                       " shards: at most " + std::to_string(kMaxShards) + " are read");
  }
  std::map<std::string, std::size_t> file_of_shard;
  for (const std::string& shard : shards) {
    file_of_shard.emplace(shard, checkpoint.files.size());
    add_file(checkpoint, folder, shard);
  }
  for (const auto& [tensor, shard] : weight_map) {
    const auto found = checkpoint.tensors.find(tensor);
    if (found == checkpoint.tensors.end() || found->second.file != file_of_shard.at(shard)) {
      throw BadDataError(std::string(kIndex) + ": places tensor '" + printable(tensor) + "' in '" +
                         printable(shard) + "', which does not hold it");
    }
  }
  for (const auto& [tensor, stored] : checkpoint.tensors) {
    if (!weight_map.contains(tensor)) {
      throw BadDataError(printable(checkpoint.files[stored.file].path()) + ": holds tensor '" +
                         printable(tensor) + "', which the index does not name");
    }
  }
}

}  // namespace

CheckpointFiles open_checkpoint_files(const std::string& folder) {
  CheckpointFiles checkpoint;
  if (exists(folder, kWhole)) {
    add_file(checkpoint, folder, kWhole);
  } else if (exists(folder, kIndex)) {
    add_shards(checkpoint, folder);
  } else {
    throw MissingInputError("model folder '" + printable(folder) + "' holds neither " + kWhole + " nor " +
                            kIndex);
  }
  return checkpoint;
}

}  // namespace tpscale

#pragma once
#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "model/model_file.h"
#include "model/safetensors.h"

namespace tpscale {

/// Where a tensor of a checkpoint lies.
struct StoredTensor {
  std::size_t file = 0;     ///< index into CheckpointFiles::files
  std::int64_t offset = 0;  ///< of its first byte in that file
  SafetensorsEntry entry;
};

/// The open files of a checkpoint folder and what their headers say.
struct CheckpointFiles {
  std::vector<ModelFile> files;
  std::map<std::string, StoredTensor> tensors;
};

/// Opens model.safetensors or, where there is none, the shards that model.safetensors.index.json names;
/// validates every header and that index and shards agree. Throws MissingInputError, BadDataError,
/// InputOutputError.
CheckpointFiles open_checkpoint_files(const std::string& folder);

}  // namespace tpscale

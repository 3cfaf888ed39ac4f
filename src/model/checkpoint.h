#pragma once
#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "model/checkpoint_files.h"
#include "model/model_source.h"

namespace tpscale {

/// A Hugging Face folder: config.json and model.safetensors, or model.safetensors.index.json and its shards.
/// The constructor validates the configuration, every header and the tensor list, and reads no weights.
class Checkpoint final : public ModelSource {
 public:
  /// `name`: what the configuration is to be called. Throws MissingInputError, BadDataError,
  /// InputOutputError.
  Checkpoint(const std::string& folder, const std::string& name);

  const ModelConfig& config() const noexcept override { return config_; }
  bool synthetic() const noexcept override { return false; }
  /// Of configuration, tensor names, shapes and dtypes, file sizes, and of the files' bytes: all of them up
  /// to kHashedWhole a file, else the first kHashedPiece of every kHashedStride bytes.
  std::string weights_hash() const override;
  std::vector<std::string> notes() const override { return notes_; }
  Dtype dtype_of(const std::string& tensor_name) const override;
  /// Thread-safe. Column slices are read by spans of whole rows where the gaps are small, matrices
  /// that the files hold transposed by columns.
  void read(const TensorSlice& slice, void* out) const override;

  static constexpr std::int64_t kHashedWhole = std::int64_t{64} << 20;
  static constexpr std::int64_t kHashedPiece = std::int64_t{4} << 10;
  static constexpr std::int64_t kHashedStride = std::int64_t{1} << 20;

 private:
  struct Place {
    std::size_t file = 0;
    std::int64_t offset = 0;  ///< of the first element in the file
    std::int64_t rows = 0, cols = 0;
    Dtype dtype = Dtype::kF32;
    bool transposed = false;  ///< the file holds it columns by rows
  };
  void place_tensors(const std::string& folder);
  void note_leftovers();
  void read_transposed(const Place& place, const TensorSlice& slice, char* out) const;
  const Place& place_of(const std::string& tensor_name) const;

  ModelConfig config_;
  CheckpointFiles stored_;
  std::map<std::string, Place> places_;
  std::set<std::string> used_;  ///< names in the files of what `places_` knows
  std::vector<std::string> notes_;
};

}  // namespace tpscale

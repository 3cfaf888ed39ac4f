#include "model/checkpoint.h"

#include <algorithm>
#include <cstring>
#include <filesystem>

#include "core/check.h"
#include "core/error.h"
#include "model/flat_json.h"
#include "model/hash.h"
#include "model/tensor_list.h"
#include "model/tensor_names.h"

namespace tpscale {
namespace {

// Reading a gap from the page cache is cheaper than one more system call up to about this many bytes.
constexpr std::int64_t kGapWorthSkipping = 16 << 10;
constexpr std::int64_t kSpanBytes = 1 << 20;

Dtype weight_dtype(const SafetensorsEntry& entry, const std::string& file) {
  if (entry.dtype == "F32") return Dtype::kF32;
  if (entry.dtype == "BF16") return Dtype::kBF16;
  if (entry.dtype == "F16") return Dtype::kF16;
  throw BadDataError(file + ": tensor '" + printable(entry.name) + "' has dtype " + entry.dtype +
                     ": weights must be F32, BF16 or F16");
}

std::string shape_text(const std::vector<std::int64_t>& shape) {
  std::string text = "[";
  for (const std::int64_t size : shape) text += (text.size() > 1 ? ", " : "") + std::to_string(size);
  return text + "]";
}

}  // namespace

Checkpoint::Checkpoint(const std::string& folder, const std::string& name)
    : config_(read_config((std::filesystem::path(folder) / "config.json").string())),
      stored_(open_checkpoint_files(folder)) {
  config_.name = name;
  place_tensors(folder);
  note_leftovers();
  // The files decide what they hold, whatever config.json calls it.
  config_.dtype = place_of(TensorNames(config_).embedding() + ".weight").dtype;
}

void Checkpoint::place_tensors(const std::string& folder) {
  const std::string prefix = TensorNames(config_).optional_prefix();
  for (const TensorSpec& spec : tensor_list(config_)) {
    auto found = stored_.tensors.find(spec.name);
    if (found == stored_.tensors.end() && !prefix.empty() && spec.name.starts_with(prefix)) {
      found = stored_.tensors.find(spec.name.substr(prefix.size()));
    }
    if (found == stored_.tensors.end()) {
      throw BadDataError("model folder '" + printable(folder) + "' lacks tensor '" + spec.name +
                         "', which its config.json implies");
    }
    const StoredTensor& tensor = found->second;
    const std::string file = printable(stored_.files[tensor.file].path());
    std::vector<std::int64_t> shape{spec.rows, spec.cols};
    if (spec.vector) shape = {spec.cols};
    if (spec.transposed) shape = {spec.cols, spec.rows};
    if (tensor.entry.shape != shape) {
      throw BadDataError(file + ": tensor '" + found->first + "' has shape " +
                         shape_text(tensor.entry.shape) + ", but config.json implies " + shape_text(shape));
    }
    places_.emplace(spec.name, Place{tensor.file, tensor.offset, spec.rows, spec.cols,
                                     weight_dtype(tensor.entry, file), spec.transposed});
    used_.insert(found->first);
  }
}

void Checkpoint::note_leftovers() {
  for (const auto& [tensor_name, tensor] : stored_.tensors) {
    if (used_.contains(tensor_name)) continue;
    const std::string_view reason = known_leftover(config_, tensor_name);
    if (reason.empty()) {
      throw BadDataError(printable(stored_.files[tensor.file].path()) + ": holds tensor '" +
                         printable(tensor_name) + "', which its config.json does not imply");
    }
    notes_.push_back("ignored tensor '" + printable(tensor_name) + "': " + std::string(reason));
  }
}

const Checkpoint::Place& Checkpoint::place_of(const std::string& tensor_name) const {
  const auto found = places_.find(tensor_name);
  check(found != places_.end(), "a tensor that is not in the model's list");
  return found->second;
}

Dtype Checkpoint::dtype_of(const std::string& tensor_name) const {
  return place_of(tensor_name).dtype;
}

void Checkpoint::read(const TensorSlice& slice, void* out) const {
  const Place& place = place_of(slice.name);
  check(slice.first_row >= 0 && slice.rows >= 0 && slice.first_row + slice.rows <= place.rows,
        "rows outside a tensor");
  check(slice.first_col >= 0 && slice.cols >= 0 && slice.first_col + slice.cols <= place.cols,
        "columns outside a tensor");
  if (place.transposed) return read_transposed(place, slice, static_cast<char*>(out));
  const ModelFile& file = stored_.files[place.file];
  const auto element = static_cast<std::int64_t>(size_of(place.dtype));
  const std::int64_t row_bytes = place.cols * element;
  const std::int64_t slice_bytes = slice.cols * element;
  const std::int64_t begin = place.offset + slice.first_row * row_bytes + slice.first_col * element;
  auto* to = static_cast<char*>(out);
  if (slice.cols == place.cols) {
    file.read(begin, to, slice.rows * row_bytes);
    return;
  }
  if (row_bytes - slice_bytes > kGapWorthSkipping) {
    for (std::int64_t row = 0; row < slice.rows; ++row) {
      file.read(begin + row * row_bytes, to + row * slice_bytes, slice_bytes);
    }
    return;
  }
  const std::int64_t rows_at_once = std::max<std::int64_t>(1, kSpanBytes / row_bytes);
  std::vector<char> span(static_cast<std::size_t>(std::min(rows_at_once, slice.rows) * row_bytes));
  for (std::int64_t row = 0; row < slice.rows; row += rows_at_once) {
    const std::int64_t rows = std::min(rows_at_once, slice.rows - row);
    file.read(begin + row * row_bytes, span.data(), (rows - 1) * row_bytes + slice_bytes);
    for (std::int64_t i = 0; i < rows; ++i) {
      std::memcpy(to + (row + i) * slice_bytes, span.data() + i * row_bytes,
                  static_cast<std::size_t>(slice_bytes));
    }
  }
}

void Checkpoint::read_transposed(const Place& place, const TensorSlice& slice, char* out) const {
  const ModelFile& file = stored_.files[place.file];
  const auto element = static_cast<std::int64_t>(size_of(place.dtype));
  std::vector<char> column(static_cast<std::size_t>(slice.rows * element));
  for (std::int64_t col = 0; col < slice.cols; ++col) {
    const std::int64_t begin = (slice.first_col + col) * place.rows + slice.first_row;
    file.read(place.offset + begin * element, column.data(), slice.rows * element);
    for (std::int64_t row = 0; row < slice.rows; ++row) {
      std::memcpy(out + (row * slice.cols + col) * element, column.data() + row * element,
                  static_cast<std::size_t>(element));
    }
  }
}

std::string Checkpoint::weights_hash() const {
  Hash hash;
  hash.add(config_);
  for (const auto& [name, tensor] : stored_.tensors) {
    hash.add(name);
    hash.add(tensor.entry.dtype);
    for (const std::int64_t size : tensor.entry.shape) hash.add(size);
  }
  std::vector<char> piece(static_cast<std::size_t>(kHashedStride));
  for (const ModelFile& file : stored_.files) {
    hash.add(file.size());
    const std::int64_t wanted = file.size() <= kHashedWhole ? kHashedStride : kHashedPiece;
    for (std::int64_t offset = 0; offset < file.size(); offset += kHashedStride) {
      const std::int64_t bytes = std::min(wanted, file.size() - offset);
      file.read(offset, piece.data(), bytes);
      hash.add(piece.data(), static_cast<std::size_t>(bytes));
    }
  }
  return hash.hex();
}

}  // namespace tpscale

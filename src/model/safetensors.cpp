#include "model/safetensors.h"

#include <algorithm>
#include <array>
#include <limits>
#include <nlohmann/json.hpp>
#include <set>
#include <utility>

#include "core/error.h"
#include "model/flat_json.h"

namespace tpscale {
namespace {

using Json = nlohmann::json;

struct KnownDtype {
  std::string_view name;
  std::int64_t bytes;
};
constexpr std::array<KnownDtype, 15> kDtypes{{{"F32", 4},
                                              {"BF16", 2},
                                              {"F16", 2},
                                              {"F64", 8},
                                              {"I64", 8},
                                              {"I32", 4},
                                              {"I16", 2},
                                              {"I8", 1},
                                              {"U64", 8},
                                              {"U32", 4},
                                              {"U16", 2},
                                              {"U8", 1},
                                              {"BOOL", 1},
                                              {"F8_E4M3", 1},
                                              {"F8_E5M2", 1}}};

/// Bytes of an element, 0 where the dtype is not known.
std::int64_t element_bytes(std::string_view dtype) {
  for (const KnownDtype& known : kDtypes) {
    if (known.name == dtype) return known.bytes;
  }
  return 0;
}

/// {"name": {"dtype": "F32", "shape": [2, 3], "data_offsets": [0, 24]}, ..., "__metadata__": {"key": "text"}}
/// and nothing else, event by event.
class HeaderReader final : public nlohmann::json_sax<Json> {
 public:
  explicit HeaderReader(std::vector<SafetensorsEntry>& entries) : entries_(entries) {}
  const std::string& complaint() const noexcept { return complaint_; }

  bool null() override { return unexpected("null"); }
  bool boolean(bool) override { return unexpected("true or false"); }
  bool number_integer(number_integer_t) override { return unexpected("a negative number"); }
  bool number_float(number_float_t, const string_t&) override { return unexpected("a fraction"); }
  bool binary(binary_t&) override { return unexpected("binary data"); }

  bool number_unsigned(number_unsigned_t value) override {
    if (state_ != State::kNumbers) return unexpected("a number");
    if (value > static_cast<number_unsigned_t>(std::numeric_limits<std::int64_t>::max())) {
      return complain("holds a number that is too large in tensor '" + printable(name_) + "'");
    }
    if (numbers_.size() >= kSafetensorsMaxRank) {
      return complain("holds more than " + std::to_string(kSafetensorsMaxRank) + " numbers in '" + field_ +
                      "' of tensor '" + printable(name_) + "'");
    }
    numbers_.push_back(static_cast<std::int64_t>(value));
    return true;
  }
  bool string(string_t& value) override {
    if (state_ == State::kMetadata) return true;
    if (state_ != State::kTensor || field_ != "dtype") return unexpected("a string");
    entries_.back().dtype = value;
    return true;
  }
  bool start_object(std::size_t) override {
    if (state_ == State::kBegin) {
      state_ = State::kNames;
    } else if (state_ == State::kNames && name_ == "__metadata__") {
      state_ = State::kMetadata;
    } else if (state_ == State::kNames) {
      entries_.push_back({});
      entries_.back().name = name_;
      seen_fields_ = 0;
      state_ = State::kTensor;
    } else {
      return unexpected("an object");
    }
    return true;
  }
  bool end_object() override {
    if (state_ == State::kTensor && seen_fields_ != kAllFields) {
      return complain("tensor '" + printable(name_) + "' lacks its dtype, shape or data_offsets");
    }
    state_ = state_ == State::kNames ? State::kEnd : State::kNames;
    return true;
  }
  bool start_array(std::size_t) override {
    if (state_ != State::kTensor || field_ == "dtype") return unexpected("an array");
    numbers_.clear();
    state_ = State::kNumbers;
    return true;
  }
  bool end_array() override {
    SafetensorsEntry& entry = entries_.back();
    state_ = State::kTensor;
    if (field_ == "shape") {
      entry.shape = numbers_;
      return true;
    }
    if (numbers_.size() != 2) {
      return complain("data_offsets of tensor '" + printable(name_) + "' are not two numbers");
    }
    entry.begin = numbers_[0];
    entry.end = numbers_[1];
    return true;
  }
  bool key(string_t& name) override {
    if (state_ == State::kNames) {
      name_ = std::move(name);
      return names_.insert(name_).second || complain("holds the key '" + printable(name_) + "' twice");
    }
    if (state_ == State::kMetadata) {
      return metadata_.insert(name).second || complain("holds the key '" + printable(name) + "' twice");
    }
    field_ = std::move(name);
    const unsigned bit = field_ == "dtype" ? 1U : field_ == "shape" ? 2U : field_ == "data_offsets" ? 4U : 0U;
    if (bit == 0U) {
      return complain("holds the unknown key '" + printable(field_) + "' in tensor '" + printable(name_) +
                      "'");
    }
    if ((seen_fields_ & bit) != 0U) {
      return complain("holds the key '" + field_ + "' twice in tensor '" + printable(name_) + "'");
    }
    seen_fields_ |= bit;
    return true;
  }
  bool parse_error(std::size_t position, const std::string&, const nlohmann::detail::exception&) override {
    return complain("is not valid JSON at byte " + std::to_string(position));
  }

 private:
  enum class State { kBegin, kNames, kMetadata, kTensor, kNumbers, kEnd };
  static constexpr unsigned kAllFields = 7U;

  bool complain(const std::string& what) {
    if (complaint_.empty()) complaint_ = what;
    return false;
  }
  bool unexpected(const std::string& what) {
    return complain("holds " + what + " where none belongs" +
                    (name_.empty() ? std::string() : ", at '" + printable(name_) + "'"));
  }

  std::vector<SafetensorsEntry>& entries_;
  std::set<std::string> names_;
  std::set<std::string> metadata_;
  State state_ = State::kBegin;
  std::string name_;
  std::string field_;
  unsigned seen_fields_ = 0;
  std::vector<std::int64_t> numbers_;
  std::string complaint_;
};

/// Bytes of the shape, or -1 where they do not fit 63 bits.
std::int64_t shape_bytes(const SafetensorsEntry& entry, std::int64_t element) {
  std::int64_t bytes = element;
  for (const std::int64_t size : entry.shape) {
    if (__builtin_mul_overflow(bytes, size, &bytes)) return -1;
  }
  return bytes;
}

}  // namespace

std::int64_t safetensors_header_size(const unsigned char (&first_bytes)[8], std::int64_t file_size,
                                     const std::string& name) {
  std::uint64_t size = 0;
  for (int i = 7; i >= 0; --i) size = (size << 8) | first_bytes[i];
  if (size > static_cast<std::uint64_t>(kSafetensorsMaxHeader)) {
    throw BadDataError(name + ": its header claims " + std::to_string(size) + " bytes, more than the " +
                       std::to_string(kSafetensorsMaxHeader) + " allowed: this is not a safetensors file");
  }
  if (static_cast<std::int64_t>(size) > file_size - 8) {
    throw BadDataError(name + ": its header claims " + std::to_string(size) +
                       " bytes, more than the file holds: it is cut off");
  }
  return static_cast<std::int64_t>(size);
}

std::vector<SafetensorsEntry> parse_safetensors_header(std::string_view header, std::int64_t data_size,
                                                       const std::string& name) {
  const auto fail = [&](const std::string& what) { throw BadDataError(name + ": its header " + what); };
  if (header.empty() || header.front() != '{') fail("does not start with '{'");
  // The parser takes a zero byte for the end of the text, and would not see what follows it.
  if (header.find('\0') != std::string_view::npos) fail("holds a zero byte");

  std::vector<SafetensorsEntry> entries;
  HeaderReader reader(entries);
  if (!Json::sax_parse(header.begin(), header.end(), &reader)) fail(reader.complaint());

  for (const SafetensorsEntry& entry : entries) {
    const std::string tensor = "tensor '" + printable(entry.name) + "'";
    const std::int64_t element = element_bytes(entry.dtype);
    if (element == 0) fail("gives " + tensor + " the unknown dtype '" + printable(entry.dtype) + "'");
    if (entry.begin > entry.end || entry.end > data_size) {
      fail("places " + tensor + " outside the file: the header is wrong or the file is cut off");
    }
    if (shape_bytes(entry, element) != entry.end - entry.begin) {
      fail("gives " + tensor + " a shape that does not fit its number of bytes");
    }
  }
  std::sort(entries.begin(), entries.end(), [](const auto& a, const auto& b) {
    return std::pair(a.begin, a.end) < std::pair(b.begin, b.end);
  });
  std::int64_t covered = 0;
  for (const SafetensorsEntry& entry : entries) {
    if (entry.begin != covered) {
      fail(std::string("leaves ") + (entry.begin > covered ? "a hole before" : "an overlap at") +
           " tensor '" + printable(entry.name) + "'");
    }
    covered = entry.end;
  }
  if (covered != data_size) {
    fail("covers " + std::to_string(covered) + " of the " + std::to_string(data_size) + " bytes behind it");
  }
  return entries;
}

}  // namespace tpscale

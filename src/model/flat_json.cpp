#include "model/flat_json.h"

#include <cmath>
#include <nlohmann/json.hpp>
#include <sstream>
#include <utility>
#include <vector>

#include "core/error.h"

namespace tpscale {
namespace {

using Json = nlohmann::json;

/// Fills the map from the parser's events; the first complaint ends the parse.
class Flattener final : public nlohmann::json_sax<Json> {
 public:
  explicit Flattener(std::map<std::string, FlatJson::Value>& values) : values_(values) {}
  const std::string& complaint() const noexcept { return complaint_; }

  bool null() override { return put(FlatJson::Null{}); }
  bool boolean(bool value) override { return put(value); }
  bool number_integer(number_integer_t value) override { return put(std::int64_t{value}); }
  bool number_unsigned(number_unsigned_t value) override { return put(std::uint64_t{value}); }
  bool number_float(number_float_t value, const string_t&) override { return put(double{value}); }
  bool string(string_t& value) override { return put(std::move(value)); }
  bool binary(binary_t&) override { return complain("holds binary data"); }
  bool start_object(std::size_t) override { return open(false); }
  bool start_array(std::size_t) override { return open(true); }
  bool end_object() override { return close(); }
  bool end_array() override { return close(); }
  bool key(string_t& name) override {
    levels_.back().step = std::move(name);
    return true;
  }
  bool parse_error(std::size_t position, const std::string&, const nlohmann::detail::exception&) override {
    return complain("is not valid JSON at byte " + std::to_string(position));
  }

 private:
  struct Level {
    std::string prefix;
    bool array = false;
    std::uint64_t next = 0;
    std::string step;
  };

  bool complain(const std::string& what) {
    if (complaint_.empty()) complaint_ = what;
    return false;
  }
  bool put(FlatJson::Value&& value) {
    if (levels_.empty()) return complain("is not a JSON object");
    Level& level = levels_.back();
    if (level.array) level.step = std::to_string(level.next++);
    path_ = level.prefix + level.step;
    if (!values_.try_emplace(path_, std::move(value)).second) {
      return complain("holds the key '" + printable(path_) + "' twice");
    }
    return true;
  }
  bool open(bool array) {
    if (levels_.empty() ? array : levels_.size() >= FlatJson::kMaxDepth) {
      return complain(array && levels_.empty() ? "is not a JSON object" : "is nested too deeply");
    }
    std::string prefix;
    if (!levels_.empty()) {
      if (!put(FlatJson::Container{})) return false;
      prefix = path_ + "/";
    }
    levels_.push_back({std::move(prefix), array, 0, {}});
    return true;
  }
  bool close() {
    levels_.pop_back();
    return true;
  }

  std::map<std::string, FlatJson::Value>& values_;
  std::vector<Level> levels_;
  std::string path_;
  std::string complaint_;
};

std::string range(double lowest, double largest) {
  std::ostringstream out;
  out << "must be from " << lowest << " to " << largest;
  return out.str();
}

}  // namespace

FlatJson::FlatJson(std::string_view text, const std::string& name) : name_(name) {
  // The parser takes a zero byte for the end of the text, and would not see what follows it.
  if (text.find('\0') != std::string_view::npos) fail("holds a zero byte");
  Flattener flattener(values_);
  if (!Json::sax_parse(text.begin(), text.end(), &flattener)) fail(flattener.complaint());
}

void FlatJson::fail(const std::string& sentence) const {
  throw BadDataError(name_ + ": " + sentence);
}

const FlatJson::Value* FlatJson::find(const std::string& path) const {
  const auto it = values_.find(path);
  return it == values_.end() || std::holds_alternative<Null>(it->second) ? nullptr : &it->second;
}

void FlatJson::require(const std::string& path) const {
  if (find(path) == nullptr) fail(path + " is missing");
}

std::int64_t FlatJson::integer(const std::string& path, std::int64_t lowest, std::int64_t largest,
                               std::int64_t fallback) const {
  const Value* value = find(path);
  if (value == nullptr) return fallback;
  const auto* number = std::get_if<std::uint64_t>(value);
  if (number == nullptr || *number > static_cast<std::uint64_t>(largest) ||
      *number < static_cast<std::uint64_t>(lowest)) {
    fail(path + " must be an integer from " + std::to_string(lowest) + " to " + std::to_string(largest));
  }
  return static_cast<std::int64_t>(*number);
}

double FlatJson::number(const std::string& path, double lowest, double largest, double fallback) const {
  const Value* value = find(path);
  if (value == nullptr) return fallback;
  double number = NAN;
  if (const auto* fraction = std::get_if<double>(value)) number = *fraction;
  if (const auto* integer = std::get_if<std::uint64_t>(value)) number = static_cast<double>(*integer);
  if (const auto* integer = std::get_if<std::int64_t>(value)) number = static_cast<double>(*integer);
  if (!(number >= lowest && number <= largest)) {
    fail(path + " must be a number: it " + range(lowest, largest));
  }
  return number;
}

bool FlatJson::boolean(const std::string& path, bool fallback) const {
  const Value* value = find(path);
  if (value == nullptr) return fallback;
  if (const auto* flag = std::get_if<bool>(value)) return *flag;
  fail(path + " must be true or false");
}

std::string FlatJson::text(const std::string& path, const std::string& fallback) const {
  const Value* value = find(path);
  if (value == nullptr) return fallback;
  if (const auto* words = std::get_if<std::string>(value)) return *words;
  fail(path + " must be a string");
}

}  // namespace tpscale

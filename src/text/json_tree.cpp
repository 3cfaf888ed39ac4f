#include "text/json_tree.h"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <unordered_set>

#include "core/error.h"
#include "core/printable.h"

namespace tpscale {
namespace {

using Json = nlohmann::json;

/// Builds the tree from the parser's events; the first complaint ends the parse.
class Builder final : public nlohmann::json_sax<Json> {
 public:
  explicit Builder(JsonTree& root) : root_(root) {}
  const std::string& complaint() const noexcept { return complaint_; }

  bool null() override { return put(nullptr); }
  bool boolean(bool value) override { return put(value); }
  bool number_integer(number_integer_t value) override { return put(static_cast<double>(value)); }
  bool number_unsigned(number_unsigned_t value) override { return put(std::uint64_t{value}); }
  bool number_float(number_float_t value, const string_t&) override { return put(double{value}); }
  bool string(string_t& value) override { return put(std::move(value)); }
  bool binary(binary_t&) override { return complain("holds binary data"); }
  bool start_object(std::size_t) override { return open(JsonTree::Object{}); }
  bool start_array(std::size_t) override { return open(JsonTree::Array{}); }
  bool end_object() override { return close(); }
  bool end_array() override { return close(); }
  bool key(string_t& name) override {
    Level& level = levels_.back();
    if (!level.keys.insert(name).second) {
      return complain("holds the key '" + printable(name) + "' twice in an object");
    }
    level.key = std::move(name);
    return true;
  }
  bool parse_error(std::size_t position, const std::string&, const nlohmann::detail::exception&) override {
    return complain("is not valid JSON at byte " + std::to_string(position));
  }

 private:
  /// A container that is still open; it moves into its parent when it closes.
  struct Level {
    JsonTree::Value value;
    std::string key;
    std::unordered_set<std::string> keys;
  };

  bool complain(const std::string& what) {
    if (complaint_.empty()) complaint_ = what;
    return false;
  }
  bool put(JsonTree::Value value) {
    if (++values_ > JsonTree::kMaxValues) return complain("holds too many values to be a tokenizer");
    if (levels_.empty()) {
      root_ = JsonTree(std::move(value));
      return true;
    }
    Level& level = levels_.back();
    if (auto* array = std::get_if<JsonTree::Array>(&level.value)) {
      array->emplace_back(std::move(value));
    } else {
      std::get<JsonTree::Object>(level.value).emplace_back(std::move(level.key), std::move(value));
    }
    return true;
  }
  bool open(JsonTree::Value value) {
    if (levels_.size() >= JsonTree::kMaxDepth) return complain("is nested too deeply");
    levels_.push_back({std::move(value), {}, {}});
    return true;
  }
  bool close() {
    JsonTree::Value value = std::move(levels_.back().value);
    levels_.pop_back();
    return put(std::move(value));
  }

  JsonTree& root_;
  std::vector<Level> levels_;
  std::size_t values_ = 0;
  std::string complaint_;
};

template <class T>
const T& get(const JsonTree::Value& value, std::string_view name, const char* type) {
  if (const T* found = std::get_if<T>(&value)) return *found;
  throw BadDataError(std::string(name) + " must be " + type);
}

}  // namespace

JsonTree JsonTree::parse(std::string_view text) {
  // The parser takes a zero byte for the end of the text, and would not see what follows it.
  if (text.find('\0') != std::string_view::npos) throw BadDataError("the file holds a zero byte");
  JsonTree root;
  Builder builder(root);
  if (!Json::sax_parse(text.begin(), text.end(), &builder))
    throw BadDataError("the file " + builder.complaint());
  return root;
}

const std::string& JsonTree::text(std::string_view name) const {
  return get<std::string>(value_, name, "a string");
}
bool JsonTree::boolean(std::string_view name) const {
  return get<bool>(value_, name, "true or false");
}
const JsonTree::Array& JsonTree::array(std::string_view name) const {
  return get<Array>(value_, name, "a list");
}
const JsonTree::Object& JsonTree::object(std::string_view name) const {
  return get<Object>(value_, name, "an object");
}

std::uint64_t JsonTree::integer(std::string_view name, std::uint64_t largest) const {
  const auto* number = std::get_if<std::uint64_t>(&value_);
  if (number == nullptr || *number > largest) {
    throw BadDataError(std::string(name) + " must be an integer from 0 to " + std::to_string(largest));
  }
  return *number;
}

const JsonTree* JsonTree::find(std::string_view key) const noexcept {
  const Object* object = std::get_if<Object>(&value_);
  if (object == nullptr) return nullptr;
  const auto found =
      std::ranges::find(*object, key, [](const auto& entry) -> std::string_view { return entry.first; });
  return found == object->end() || found->second.is_null() ? nullptr : &found->second;
}

const JsonTree& JsonTree::at(std::string_view key, std::string_view name) const {
  object(name.empty() ? "the file" : name);
  if (const JsonTree* value = find(key)) return *value;
  throw BadDataError(join_names(name, key) + " is missing");
}

bool JsonTree::boolean_or(std::string_view key, bool fallback, std::string_view name) const {
  const JsonTree* value = find(key);
  return value == nullptr ? fallback : value->boolean(join_names(name, key));
}

std::string join_names(std::string_view name, std::string_view key) {
  return name.empty() ? std::string(key) : std::string(name) + "." + std::string(key);
}

std::string component_type(const JsonTree& component, std::string_view name,
                           std::initializer_list<std::string_view> known) {
  std::string type = component.at("type", name).text(join_names(name, "type"));
  if (std::ranges::find(known, type) != known.end()) return type;
  std::string list;
  for (const std::string_view each : known) list += (list.empty() ? "" : ", ") + std::string(each);
  throw BadDataError(std::string(name) + " has the type '" + printable(type) +
                     "', which is not known here; known are " + list);
}

}  // namespace tpscale

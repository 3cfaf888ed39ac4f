#include "bench/workload/trace.h"

#include <array>
#include <charconv>
#include <cmath>
#include <limits>
#include <nlohmann/json.hpp>
#include <optional>
#include <ostream>

#include "bench/workload/generated.h"
#include "core/error.h"

namespace tpscale {
namespace {

constexpr std::int64_t kMostTokens = std::int64_t{1} << 28;
constexpr std::size_t kMostRequests = std::size_t{1} << 20;

/// Takes one line: an object of known keys, each once, and nothing nested but the list of tokens.
class RequestReader {
 public:
  using number_integer_t = std::int64_t;
  using number_unsigned_t = std::uint64_t;
  using number_float_t = double;
  using string_t = std::string;
  using binary_t = nlohmann::json::binary_t;

  bool null() { return fail("null"); }
  bool boolean(bool) { return fail("a boolean"); }
  bool number_integer(number_integer_t) { return fail("a negative number"); }
  bool number_unsigned(number_unsigned_t value) {
    if (value > static_cast<number_unsigned_t>(std::numeric_limits<std::int32_t>::max()))
      return fail("a huge number");
    if (in_tokens_) {
      input_ids->push_back(static_cast<std::int32_t>(value));
      return true;
    }
    if (key_ == "input_length")
      input_length = static_cast<std::int64_t>(value);
    else if (key_ == "output_tokens")
      output_tokens = static_cast<std::int64_t>(value);
    else if (key_ == "arrival_s")
      arrival_s = static_cast<double>(value);
    else
      return fail("a number for " + key_);
    return true;
  }
  bool number_float(number_float_t value, const string_t&) {
    if (in_tokens_ || key_ != "arrival_s" || !std::isfinite(value) || value < 0.0) return fail("a fraction");
    arrival_s = value;
    return true;
  }
  bool string(string_t&) { return fail("a string"); }
  bool binary(binary_t&) { return fail("binary data"); }
  bool start_object(std::size_t) {
    if (in_object_ || in_tokens_ || done_) return fail("an object within");
    in_object_ = true;
    return true;
  }
  bool key(string_t& name) {
    constexpr std::array<std::string_view, 4> kKeys = {"input_ids", "input_length", "output_tokens",
                                                       "arrival_s"};
    for (std::size_t i = 0; i < kKeys.size(); ++i) {
      if (name != kKeys[i]) continue;
      if (seen_[i]) return fail("'" + name + "' twice");
      seen_[i] = true;
      key_ = name;
      return true;
    }
    return fail("an unknown key");
  }
  bool end_object() {
    in_object_ = false;
    done_ = true;
    return true;
  }
  bool start_array(std::size_t) {
    if (!in_object_ || in_tokens_ || key_ != "input_ids") return fail("a list");
    in_tokens_ = true;
    input_ids.emplace();
    return true;
  }
  bool end_array() {
    in_tokens_ = false;
    return true;
  }
  bool parse_error(std::size_t, const std::string&, const nlohmann::detail::exception&) {
    return fail("no JSON");
  }

  std::optional<std::vector<std::int32_t>> input_ids;
  std::optional<std::int64_t> input_length, output_tokens;
  double arrival_s = 0.0;
  std::string trouble;

 private:
  bool fail(const std::string& what) {
    trouble = what;
    return false;
  }
  std::string key_;
  std::array<bool, 4> seen_{};
  bool in_object_ = false, in_tokens_ = false, done_ = false;
};

Request read_request(std::string_view line, const std::string& where, std::int64_t sequence,
                     std::int64_t seed, std::int64_t vocab_size) {
  RequestReader reader;
  if (!nlohmann::json::sax_parse(line.begin(), line.end(), &reader)) {
    throw BadDataError(where + " is no request: it has " + reader.trouble);
  }
  if (reader.input_ids.has_value() == reader.input_length.has_value() || !reader.output_tokens) {
    throw BadDataError(where + " is no request: it needs input_ids or input_length, and output_tokens");
  }
  Request request;
  request.max_new_tokens = *reader.output_tokens;
  request.arrival_s = reader.arrival_s;
  if (reader.input_ids) {
    request.prompt = std::move(*reader.input_ids);
  } else if (*reader.input_length <= kMostTokens) {
    request.prompt =
        std::move(fixed_requests(1, *reader.input_length, 1, seed + sequence, vocab_size).front().prompt);
  }
  if (request.prompt.empty() || request.max_new_tokens < 1) {
    throw BadDataError(
        where + " is no request: it needs at least one token to read and one to make, and at most 2^28");
  }
  return request;
}

}  // namespace

void write_trace(std::ostream& out, std::span<const Request> requests) {
  std::array<char, 32> digits{};
  const auto number = [&](auto value) {
    const auto end = std::to_chars(digits.data(), digits.data() + digits.size(), value).ptr;
    return std::string_view(digits.data(), static_cast<std::size_t>(end - digits.data()));
  };
  for (const Request& request : requests) {
    std::string line = "{\"input_ids\": [";
    for (std::size_t i = 0; i < request.prompt.size(); ++i) {
      if (i != 0) line += ", ";
      line += number(request.prompt[i]);
    }
    line += "], \"output_tokens\": ";
    line += number(request.max_new_tokens);
    line += ", \"arrival_s\": ";
    line += number(request.arrival_s);
    out << line << "}\n";
  }
}

std::vector<Request> parse_trace(std::string_view content, const std::string& name, std::int64_t seed,
                                 std::int64_t vocab_size) {
  std::vector<Request> requests;
  std::int64_t line_number = 0;
  std::int64_t tokens = 0;
  while (!content.empty()) {
    const std::size_t end = std::min(content.find('\n'), content.size());
    const std::string_view line = content.substr(0, end);
    content.remove_prefix(std::min(end + 1, content.size()));
    ++line_number;
    if (line.find_first_not_of(" \t\r") == std::string_view::npos) continue;
    const std::string where = name + " line " + std::to_string(line_number);
    requests.push_back(
        read_request(line, where, static_cast<std::int64_t>(requests.size()), seed, vocab_size));
    tokens += static_cast<std::int64_t>(requests.back().prompt.size());
    if (requests.size() > kMostRequests || tokens > kMostTokens)
      throw BadDataError(where + ": the trace is too long");
  }
  if (requests.empty()) throw BadDataError(name + " holds no requests");
  return requests;
}

}  // namespace tpscale

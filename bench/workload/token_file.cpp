#include "bench/workload/token_file.h"

#include <algorithm>
#include <charconv>
#include <limits>

#include "bench/store/durable_file.h"
#include "bench/workload/npy.h"
#include "core/error.h"

namespace tpscale {
namespace {

constexpr std::int64_t kDefaultSequences = 8;

bool is_blank(char c) noexcept {
  return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

std::vector<std::int32_t> parse_integers(std::string_view content, const std::string& name) {
  std::vector<std::int32_t> tokens;
  const char* const begin = content.data();
  const char* const end = begin + content.size();
  for (const char* at = begin; at != end;) {
    if (is_blank(*at)) {
      ++at;
      continue;
    }
    std::int32_t token = 0;
    const auto [after, error] = std::from_chars(at, end, token);
    if (error != std::errc{} || token < 0 || (after != end && !is_blank(*after))) {
      throw BadDataError(name + " holds something else than token ids between blanks at byte " +
                         std::to_string(at - begin));
    }
    tokens.push_back(token);
    at = after;
  }
  return tokens;
}

}  // namespace

std::string read_input_file(const std::string& path) {
  const std::optional<Bytes> bytes = read_whole(path);
  if (!bytes) throw MissingInputError("there is no file " + path);
  return {reinterpret_cast<const char*>(bytes->data()), bytes->size()};
}

std::vector<std::int32_t> byte_tokens(std::string_view text) {
  std::vector<std::int32_t> tokens;
  tokens.reserve(text.size());
  for (const char c : text) tokens.push_back(static_cast<unsigned char>(c));
  return tokens;
}

std::vector<std::int32_t> parse_token_ids(std::string_view content, const std::string& name) {
  std::vector<std::int32_t> tokens =
      is_npy(content) ? parse_npy(content, name) : parse_integers(content, name);
  if (tokens.empty()) throw BadDataError(name + " holds no token ids");
  return tokens;
}

std::vector<std::int32_t> read_token_ids(const std::string& path) {
  return parse_token_ids(read_input_file(path), path);
}

std::vector<Request> cut_into_requests(const std::vector<std::int32_t>& tokens, std::int64_t sequences,
                                       std::int64_t input_tokens, std::int64_t output_tokens) {
  const auto all = static_cast<std::int64_t>(tokens.size());
  const std::int64_t available = all / input_tokens;
  if (available == 0) {
    throw UsageError("the text has " + std::to_string(all) + " tokens, too few for a sequence of " +
                     std::to_string(input_tokens) +
                     ": give a longer text or a smaller --input-tokens, or --workload " +
                     "fixed, beside which a text only judges");
  }
  if (sequences == 0) sequences = std::min(available, kDefaultSequences);
  std::vector<Request> requests;
  for (std::int64_t i = 0; i < sequences; ++i) {
    Request& request = requests.emplace_back();
    request.max_new_tokens = output_tokens;
    for (std::int64_t at = i * input_tokens; at < (i + 1) * input_tokens; ++at)
      request.prompt.push_back(tokens[static_cast<std::size_t>(at % all)]);
  }
  return requests;
}

}  // namespace tpscale

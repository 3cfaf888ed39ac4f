#include <algorithm>
#include <cstdio>
#include <nlohmann/json.hpp>

#include "bench/cli/model_text.h"
#include "bench/commands/commands.h"
#include "bench/trial/agreement.h"
#include "bench/workload/token_file.h"
#include "core/error.h"
#include "text/utf8.h"

namespace tpscale {
namespace {

struct TokenizeOptions {
  std::string tokenizer = "embedded";
  std::string input;
  bool special_tokens = true;

  template <class Self, class Visitor>
  static void visit_fields(Self& self, Visitor&& visit) {
    visit("tokenizer", self.tokenizer, "a folder with a tokenizer.json, such a file, or embedded");
    visit("input", self.input, "file with a JSON string a line");
    visit("special-tokens", self.special_tokens, "with the tokens that the tokenizer puts around a text");
  }
};

/// The string of one line. Text that is no UTF-8 counts as replacement characters, as everywhere.
std::string parse_line(std::string_view line, const std::string& place) {
  const std::string text = repaired_utf8(line);
  const auto value = text.find('\0') == std::string::npos
                         ? nlohmann::json::parse(text, nullptr, false)
                         : nlohmann::json(nlohmann::json::value_t::discarded);
  if (!value.is_string()) throw BadDataError(place + " is not a JSON string");
  return value.get<std::string>();
}

class TokenizeCommand final : public Command {
 public:
  std::string_view name() const noexcept override { return "tokenize"; }
  std::string_view description() const noexcept override {
    return "token ids of texts, as the model's tokenizer.json has them";
  }
  std::string_view footer() const noexcept override {
    return "Example:\n  echo '\"Hello, world!\"' > texts.jsonl && tpscale tokenize --tokenizer DIR --input "
           "texts.jsonl\n"
           "A JSON array of ids a line.";
  }

  void declare(OptionTable& table) override { table.add("Text", options_); }

  ExitCode run(World& world, const OptionTable&, const std::vector<std::string>&) override {
    on_rank_zero(world, [&] { tokenize(); });
    return ExitCode::kDone;
  }

 private:
  void tokenize() const {
    if (options_.input.empty()) throw UsageError("give the texts as --input FILE, a JSON string a line");
    const auto tokenizer = options_.tokenizer == "embedded"
                               ? require_tokenizer(options_.tokenizer)
                               : std::make_unique<Tokenizer>(open_tokenizer(options_.tokenizer));
    const std::string input = read_input_file(options_.input);
    std::string output;
    std::string_view rest = input;
    for (std::int64_t line = 1; !rest.empty(); ++line) {
      const std::string_view text = rest.substr(0, rest.find('\n'));
      rest.remove_prefix(std::min(rest.size(), text.size() + 1));
      const std::string place = options_.input + ": line " + std::to_string(line);
      const nlohmann::json ids = tokenizer->encode(parse_line(text, place), options_.special_tokens);
      output += ids.dump();
      output += '\n';
    }
    if (std::fwrite(output.data(), 1, output.size(), stdout) != output.size() || std::fflush(stdout) != 0) {
      throw InputOutputError("standard output cannot be written");
    }
  }

  TokenizeOptions options_;
};

}  // namespace

std::unique_ptr<Command> make_tokenize_command() {
  return std::make_unique<TokenizeCommand>();
}

}  // namespace tpscale

#include "model/config.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/counter_rng.h"
#include "core/error.h"
#include "model/scratch_model.h"

namespace tpscale {
namespace {

using test::message_of;
using test::ScratchModel;
using testing::AllOf;
using testing::HasSubstr;

ModelConfig read_text(const std::string& text) {
  return parse_config(text, "config.json");
}

std::string complaint(const std::string& text) {
  return message_of<BadDataError>([&] { read_text(text); });
}

/// The least a configuration must say, and `more`.
std::string llama(const std::string& more) {
  return R"({"architectures": ["LlamaForCausalLM"], "vocab_size": 320, "hidden_size": 64, "intermediate_size": 176,
    "num_hidden_layers": 3, "num_attention_heads": 8)" +
         (more.empty() ? "" : ", " + more) + "}";
}

std::string named(const char* architecture, const std::string& sizes, const std::string& more) {
  return std::string(R"({"architectures": [")") + architecture + "\"], " + sizes +
         (more.empty() ? "" : ", " + more) + "}";
}
constexpr const char* kSizes =
    R"("vocab_size": 320, "hidden_size": 64, "intermediate_size": 176, "num_hidden_layers": 3, "num_attention_heads": 8)";

std::string mistral(const std::string& more) {
  return named("MistralForCausalLM", kSizes, more);
}
std::string qwen2(const std::string& more) {
  return named("Qwen2ForCausalLM", kSizes, more);
}
std::string neox(const std::string& more) {
  return named("GPTNeoXForCausalLM", kSizes, more);
}
std::string gpt2(const std::string& more) {
  return named("GPT2LMHeadModel", R"("vocab_size": 320, "n_embd": 64, "n_layer": 3)",
               more.find("n_head") == std::string::npos ? R"("n_head": 4, )" + more : more);
}

TEST(Presets, HaveTheParametersOfTheRealModels) {
  EXPECT_EQ(parameter_count(preset_config("pythia-70m")), 70'426'624);
  EXPECT_EQ(parameter_count(preset_config("pythia-2.8b")), 2'775'208'960);
  EXPECT_EQ(parameter_count(preset_config("gpt2")), 124'439'808);
  EXPECT_EQ(parameter_count(preset_config("mistral-7b")), 7'241'732'096);
  EXPECT_EQ(parameter_count(preset_config("qwen3-0.6b")), 596'049'920);
  EXPECT_EQ(parameter_count(preset_config("qwen3-8b")), 8'190'735'360);
  EXPECT_EQ(parameter_count(preset_config("llama-2-7b")), 6'738'415'616);
  EXPECT_EQ(parameter_count(preset_config("llama-2-13b")), 13'015'864'320);
  EXPECT_EQ(parameter_count(preset_config("llama-3.1-8b")), 8'030'261'248);
}

TEST(Presets, AnUnknownOneIsAnErrorThatListsThem) {
  EXPECT_THAT(message_of<UsageError>([] { preset_config("gpt-9"); }),
              AllOf(HasSubstr("gpt-9"), HasSubstr("tiny"), HasSubstr("embedded"), HasSubstr("llama-3.1-8b")));
  for (const std::string_view name : preset_names()) EXPECT_TRUE(is_preset(name)) << name;
  EXPECT_FALSE(is_preset("nowhere"));
}

TEST(ReadConfig, LlamaDefaultsAreThoseOfTransformers) {
  const ModelConfig config = read_text(llama(""));
  EXPECT_EQ(config.architecture, "llama");
  EXPECT_EQ(config.num_kv_heads, 8);
  EXPECT_EQ(config.head_dim, 8);
  EXPECT_EQ(config.max_position_embeddings, 2048);
  EXPECT_EQ(config.norm_epsilon, 1e-6);
  EXPECT_EQ(config.rope.theta, 10000.0);
  EXPECT_EQ(config.rope.scaling, RopeScaling::kNone);
  EXPECT_FALSE(config.tied_embeddings || config.qkv_bias || config.o_bias || config.mlp_bias ||
               config.qk_norm);
  EXPECT_EQ(config.dtype, Dtype::kF32);
}

TEST(ReadConfig, Qwen3DefaultsAreThoseOfTransformers) {
  const ModelConfig config = read_text(
      R"({"architectures": ["Qwen3ForCausalLM"], "vocab_size": 331, "hidden_size": 64, "intermediate_size": 160,
          "num_hidden_layers": 3, "num_attention_heads": 32, "use_sliding_window": false, "sliding_window": 16,
          "mlp_bias": true, "dtype": "bfloat16", "layer_types": ["full_attention", "full_attention", "full_attention"]})");
  EXPECT_EQ(config.architecture, "qwen3");
  EXPECT_EQ(config.num_kv_heads, 32);
  EXPECT_EQ(config.head_dim, 128);
  EXPECT_EQ(config.max_position_embeddings, 32768);
  EXPECT_TRUE(config.qk_norm);
  EXPECT_FALSE(config.mlp_bias) << "Qwen3 has no such setting";
  EXPECT_FALSE(config.tied_embeddings);
  EXPECT_EQ(config.dtype, Dtype::kBF16);
}

TEST(ReadConfig, MistralSeesAWindowUnlessItIsNull) {
  EXPECT_EQ(read_text(mistral("\"a\": 1")).num_kv_heads, 8);
  EXPECT_EQ(read_text(mistral("\"a\": 1")).sliding_window, 4096);
  const ModelConfig config = read_text(mistral(R"("sliding_window": 24, "num_key_value_heads": 4)"));
  EXPECT_EQ(config.num_kv_heads, 4);
  for (const std::int64_t layer : {0, 2}) EXPECT_EQ(config.window_of(layer), 24);
  EXPECT_EQ(read_text(mistral(R"("sliding_window": null)")).sliding_window, 0);
}

TEST(ReadConfig, QwensWindowIsSwitchedOnAndBeginsAtALayer) {
  const std::string heads = R"("num_key_value_heads": 2)";
  const ModelConfig off = read_text(qwen2(heads + R"(, "sliding_window": 16, "max_window_layers": 1)"));
  EXPECT_EQ(off.sliding_window, 0);
  EXPECT_TRUE(off.qkv_bias);
  EXPECT_FALSE(off.o_bias || off.mlp_bias);
  const ModelConfig on = read_text(qwen2(heads + R"(, "use_sliding_window": true, "sliding_window": 16,
      "max_window_layers": 1, "layer_types": ["full_attention", "sliding_attention", "sliding_attention"])"));
  EXPECT_EQ(on.window_of(0), 0);
  EXPECT_EQ(on.window_of(1), 16);
}

TEST(ReadConfig, GptNeoXDefaultsAreThoseOfTransformers) {
  const ModelConfig config = read_text(neox("\"a\": 1"));
  EXPECT_EQ(config.norm, NormKind::kLayer);
  EXPECT_EQ(config.norm_epsilon, 1e-5);
  EXPECT_EQ(config.rotary_share, 0.25);
  EXPECT_EQ(config.rotary_dim(), 2);
  EXPECT_EQ(config.activation, Activation::kGelu);
  EXPECT_TRUE(config.parallel_residual && config.qkv_bias && config.o_bias && config.mlp_bias);
  EXPECT_FALSE(config.tied_embeddings || config.gated_mlp());
  EXPECT_EQ(config.all_reduces_a_layer(), 1);
  EXPECT_EQ(read_text(neox(R"("use_parallel_residual": false)")).all_reduces_a_layer(), 2);
  EXPECT_EQ(read_text(neox(R"("rotary_emb_base": 5000)")).rope.theta, 5000.0);
}

TEST(ReadConfig, Gpt2SpellsItsKeysItsOwnWay) {
  const ModelConfig config = read_text(gpt2(R"("n_inner": null)"));
  EXPECT_EQ(config.intermediate_size, 256);
  EXPECT_EQ(config.head_dim, 16);
  EXPECT_EQ(config.max_position_embeddings, 1024);
  EXPECT_EQ(config.activation, Activation::kGeluTanh);
  EXPECT_TRUE(config.learned_positions && config.tied_embeddings);
  EXPECT_EQ(config.rotary_dim(), 0);
  EXPECT_EQ(read_text(gpt2(R"("activation_function": "gelu")")).activation, Activation::kGelu);
}

TEST(ReadConfig, ReadsEverySpellingOfRopeScaling) {
  EXPECT_EQ(read_text(llama(R"("rope_scaling": null)")).rope.scaling, RopeScaling::kNone);
  EXPECT_EQ(read_text(llama(R"("rope_scaling": {"type": "linear", "factor": 4})")).rope.scaling,
            RopeScaling::kLinear);
  const RopeConfig yarn =
      read_text(llama(R"("rope_theta": 5.0, "rope_scaling": {"rope_type": "yarn", "factor": 4.0,
      "attention_factor": 1.5, "beta_fast": 16, "beta_slow": 2, "mscale": 0.7, "mscale_all_dim": 1.2,
      "truncate": false, "original_max_position_embeddings": 64})"))
          .rope;
  EXPECT_EQ(yarn.scaling, RopeScaling::kYarn);
  EXPECT_EQ(yarn.attention_factor, 1.5);
  EXPECT_EQ(yarn.beta_fast, 16.0);
  EXPECT_EQ(yarn.beta_slow, 2.0);
  EXPECT_EQ(yarn.mscale, 0.7);
  EXPECT_EQ(yarn.mscale_all_dim, 1.2);
  EXPECT_FALSE(yarn.truncate);
  EXPECT_EQ(yarn.original_max_position_embeddings, 64);
  const RopeConfig newer =
      read_text(llama(R"("rope_parameters": {"rope_theta": 500000.0, "rope_type": "llama3", "factor": 8.0,
          "low_freq_factor": 1.0, "high_freq_factor": 4.0, "original_max_position_embeddings": 8192})"))
          .rope;
  EXPECT_EQ(newer.scaling, RopeScaling::kLlama3);
  EXPECT_EQ(newer.theta, 500000.0);
  EXPECT_EQ(read_text(llama(R"("rope_parameters": {"rope_theta": 7.0})")).rope.scaling, RopeScaling::kNone);
}

struct Bad {
  std::string text, says;
};
class BadConfig : public testing::TestWithParam<Bad> {};

TEST_P(BadConfig, IsOneSentenceThatNamesTheFault) {
  const std::string sentence = complaint(GetParam().text);
  EXPECT_THAT(sentence, HasSubstr(GetParam().says)) << GetParam().text;
  EXPECT_THAT(sentence, HasSubstr("config.json"));
  EXPECT_EQ(sentence.find('\n'), std::string::npos);
}

INSTANTIATE_TEST_SUITE_P(
    All, BadConfig,
    testing::Values(
        Bad{"", "not valid JSON"}, Bad{"[]", "not a JSON object"}, Bad{"3", "not a JSON object"},
        Bad{"{} {}", "not valid JSON"}, Bad{"{", "not valid JSON"}, Bad{std::string("{}\0x", 4), "zero byte"},
        Bad{R"({"a": 1, "a": 2})", "'a' twice"}, Bad{R"({"a": {"b": 1, "b": 1}})", "'a/b' twice"},
        Bad{R"({"a":[[[[[[[[[[1]]]]]]]]]]})", "nested too deeply"},
        Bad{R"({"a": "\ud800"})", "not valid JSON"}, Bad{"{\"a\": \"\xff\"}", "not valid JSON"},
        Bad{"{}", "names no architecture; known are: LlamaForCausalLM, MistralForCausalLM, Qwen2ForCausalLM"},
        Bad{R"({"architectures": ["BertModel"]})", "'BertModel' is not known; known are: LlamaForCausalLM"},
        Bad{R"({"architectures": ["GPT2LMHeadModel"]})", "vocab_size is missing"},
        Bad{gpt2(R"("activation_function": "relu")"), "activation_function 'relu' is not supported"},
        Bad{gpt2(R"("scale_attn_by_inverse_layer_idx": true)"), "scale_attn_by_inverse_layer_idx false"},
        Bad{gpt2(R"("n_head": 5)"), "hidden_size must be divisible"},
        Bad{neox(R"("rotary_pct": 0.4)"), "must have an even size"},
        Bad{neox(R"("hidden_act": "silu")"), "hidden_act 'silu' is not supported"},
        Bad{neox(R"("rotary_pct": 1.5)"), "rotary_pct must be"},
        Bad{mistral(R"("sliding_window": 0)"), "sliding_window must be"},
        Bad{mistral(R"("layer_types": ["full_attention"])"),
            "layer_types/0 is not supported: it must be sliding"},
        Bad{mistral(R"("layer_types": {"x": "full_attention"})"), "layer_types/x is not supported"},
        Bad{R"({"architectures": ["Llama\u001b[31m"]})", "'Llama?[31m' is not known"},
        Bad{R"({"architectures": ["LlamaForCausalLM"]})", "vocab_size is missing"},
        Bad{llama(R"("num_key_value_heads": 3)"), "must be divisible by num_key_value_heads (3)"},
        Bad{llama(R"("num_key_value_heads": -1)"), "num_key_value_heads must be an integer from 1"},
        Bad{llama(R"("num_key_value_heads": 0)"), "num_key_value_heads must be an integer from 1"},
        Bad{llama(R"("head_dim": 8.0)"), "head_dim must be an integer"},
        Bad{llama(R"("head_dim": 18446744073709551616)"), "head_dim must be an integer"},
        Bad{llama(R"("head_dim": 7)"), "head_dim must be even"},
        Bad{llama(R"("head_dim": "8")"), "head_dim must be"},
        Bad{llama(R"("max_position_embeddings": 99999999999)"), "max_position_embeddings must be"},
        Bad{llama(R"("rms_norm_eps": -1.0)"), "rms_norm_eps must be"},
        Bad{llama(R"("rms_norm_eps": 1e999)"), "not valid JSON"},
        Bad{llama(R"("rope_theta": 0)"), "rope_theta must be"},
        Bad{llama(R"("rope_theta": true)"), "rope_theta must be"},
        Bad{llama(R"("hidden_act": "gelu")"), "must be silu"},
        Bad{llama(R"("tie_word_embeddings": 1)"), "tie_word_embeddings must be true or false"},
        Bad{llama(R"("use_sliding_window": true)"), "use_sliding_window"},
        Bad{llama(R"("layer_types": ["sliding_attention"])"), "layer_types/0 is not supported"},
        Bad{llama(R"("quantization_config": {"bits": 4})"), "quantization_config"},
        Bad{llama(R"("partial_rotary_factor": 0.5)"), "partial_rotary_factor"},
        Bad{llama(R"("torch_dtype": "float8")"),
            "'float8' is not known; known are: float32, bfloat16, float16"},
        Bad{llama(R"("rope_scaling": {"rope_type": "longrope", "factor": 2.0})"),
            "'longrope' is not known; known are: default, linear, dynamic, llama3, yarn"},
        Bad{llama(R"("rope_scaling": {})"), "rope_scaling/rope_type is missing"},
        Bad{llama(R"("rope_scaling": "yarn")"), "rope_scaling must be an object"},
        Bad{llama(R"("rope_scaling": {"type": "linear"})"), "rope_scaling/factor is missing"},
        Bad{llama(R"("rope_scaling": {"type": "llama3", "factor": 8.0})"), "low_freq_factor is missing"},
        Bad{llama(
                R"("rope_scaling": {"type": "linear", "factor": 2.0}, "rope_parameters": {"rope_theta": 2.0})"),
            "both rope_scaling and rope_parameters"}));

TEST(ReadConfig, RefusesAFileThatIsTooLarge) {
  const ScratchModel folder;
  folder.write("config.json", llama("") + std::string(1 << 20, ' '));
  EXPECT_THAT(message_of<BadDataError>([&] { read_config(folder.file("config.json")); }),
              HasSubstr("at most"));
}

// Mutated configurations are taken, with every number within its cap, or refused.
TEST(ReadConfig, MutatedConfigurationsAreTakenOrRefused) {
  const std::string good =
      llama(R"("num_key_value_heads": 4, "rope_scaling": {"rope_type": "yarn", "factor": 4.0},
      "tie_word_embeddings": true, "rms_norm_eps": 1e-5)");
  const std::string alphabet = "{}[]\",:0123456789.eE-+\\utfnl \x01\x7f\xff";
  int taken = 0;
  constexpr int kMutants = 20'000;
  for (std::uint64_t mutant = 0; mutant < kMutants; ++mutant) {
    std::string text = good;
    for (std::uint64_t edit = 0; edit < 1 + mutant % 3; ++edit) {
      const std::uint64_t bits = counter_bits(edit, mutant);
      const std::size_t at = bits % text.size();
      text.replace(at, (bits >> 62) % 2, (bits >> 62) / 2, alphabet[(bits >> 32) % alphabet.size()]);
    }
    try {
      const ModelConfig config = parse_config(text, "mutant");
      ++taken;
      ASSERT_TRUE(config.hidden_size >= 1 && config.hidden_size <= 131072) << text;
      ASSERT_TRUE(config.num_heads % config.num_kv_heads == 0 && config.head_dim % 2 == 0) << text;
      ASSERT_GT(parameter_count(config), 0) << text;
    } catch (const BadDataError&) {
    }
  }
  EXPECT_GT(taken, 100);
  EXPECT_LT(taken, kMutants / 2);
}

TEST(ReadConfig, AMissingFileIsMissingInput) {
  const ScratchModel folder;
  EXPECT_THAT(message_of<MissingInputError>([&] { read_config(folder.file("config.json")); }),
              HasSubstr("config.json"));
}

}  // namespace
}  // namespace tpscale

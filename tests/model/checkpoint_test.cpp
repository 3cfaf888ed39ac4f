#include "model/checkpoint.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <set>

#include "core/error.h"
#include "model/scratch_model.h"

namespace tpscale {
namespace {

namespace fs = std::filesystem;
using test::message_of;
using test::safetensors_file;
using test::ScratchModel;
using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;

constexpr const char* kIndex = "model.safetensors.index.json";
constexpr const char* kFile = "model.safetensors";

template <class ErrorType>
std::string refusal(const ScratchModel& folder) {
  return message_of<ErrorType>([&] { Checkpoint(folder.path(), "m"); });
}

std::vector<float> read_f32(const Checkpoint& checkpoint, const TensorSlice& slice) {
  std::vector<float> values(static_cast<std::size_t>(slice.rows * slice.cols));
  checkpoint.read(slice, values.data());
  return values;
}

TEST(Checkpoint, SlicesArePartsOfTheWhole) {
  const ScratchModel folder("llama2-f32");
  const Checkpoint checkpoint(folder.path(), "m");
  const std::string name = "model.layers.1.mlp.down_proj.weight";  // [64, 176]
  const auto whole = read_f32(checkpoint, {name, 0, 64, 0, 176});
  const std::set<float> different(whole.begin(), whole.end());
  ASSERT_GT(different.size(), 10'000U);
  for (const auto& [first_row, rows, first_col, cols] :
       {std::tuple(0, 64, 44, 44), std::tuple(3, 5, 175, 1), std::tuple(63, 1, 0, 176),
        std::tuple(10, 0, 0, 176)}) {
    const auto part = read_f32(checkpoint, {name, first_row, rows, first_col, cols});
    for (int r = 0; r < rows; ++r) {
      for (int c = 0; c < cols; ++c) {
        ASSERT_EQ(part[static_cast<std::size_t>(r * cols + c)],
                  whole[static_cast<std::size_t>((first_row + r) * 176 + first_col + c)]);
      }
    }
  }
}

TEST(Checkpoint, SaysWhatItIgnoresAndWhatTheFilesHold) {
  const ScratchModel folder("llama2-f32");
  folder.replace("config.json", R"("float32")", R"("bfloat16")");
  const Checkpoint checkpoint(folder.path(), "m");
  EXPECT_THAT(checkpoint.notes(), ElementsAre(HasSubstr("rotary_emb.inv_freq")));
  EXPECT_EQ(checkpoint.config().dtype, Dtype::kF32) << "the files decide, not config.json";
  EXPECT_EQ(checkpoint.config().name, "m");
}

TEST(Checkpoint, TheHashFollowsConfigurationAndData) {
  const ScratchModel folder("qwen3-bf16");
  const std::string hash = Checkpoint(folder.path(), "a").weights_hash();
  EXPECT_EQ(hash.size(), 16U);
  EXPECT_EQ(Checkpoint(folder.path(), "another name").weights_hash(), hash);
  std::string bytes = folder.read(kFile);
  bytes.back() = static_cast<char>(bytes.back() ^ 1);
  folder.write(kFile, bytes);
  const std::string flipped = Checkpoint(folder.path(), "a").weights_hash();
  EXPECT_NE(flipped, hash);
  folder.replace("config.json", "1e-06", "1e-05");
  EXPECT_NE(Checkpoint(folder.path(), "a").weights_hash(), flipped);
}

TEST(Checkpoint, CutOffAtEveryByteOfTheHeaderIsBadData) {
  const ScratchModel folder("llama2-f32");
  const std::string bytes = folder.read(kFile);
  const std::size_t header_end =
      8 + static_cast<unsigned char>(bytes[0]) + 256U * static_cast<unsigned char>(bytes[1]);
  ASSERT_EQ(bytes[header_end - 1] == ' ' || bytes[header_end - 1] == '}', true);
  for (std::size_t size = header_end + 1; size-- > 0;) {
    fs::resize_file(folder.file(kFile), size);
    ASSERT_NE(refusal<BadDataError>(folder), "") << size << " bytes";
  }
  folder.write(kFile, std::string_view(bytes).substr(0, bytes.size() - 1));
  EXPECT_THAT(refusal<BadDataError>(folder), HasSubstr("outside the file"));
  folder.write(kFile, bytes + "x");
  EXPECT_THAT(refusal<BadDataError>(folder), HasSubstr("bytes behind it"));
}

TEST(Checkpoint, AFileThatShrinksIsAReadError) {
  const ScratchModel folder("llama2-f32");
  const Checkpoint checkpoint(folder.path(), "m");
  fs::resize_file(folder.file(kFile), 20'000);
  EXPECT_THAT(message_of<InputOutputError>([&] {
                read_f32(checkpoint, {"lm_head.weight", 0, 320, 0, 64});
              }),
              HasSubstr("shorter"));
}

TEST(Checkpoint, NamesTheTensorThatIsMissingExtraOrMisshapen) {
  {
    const ScratchModel folder("llama2-f32");
    folder.replace(kFile, "model.norm.weight", "model.nirm.weight");
    EXPECT_THAT(refusal<BadDataError>(folder), HasSubstr("lacks tensor 'model.norm.weight'"));
  }
  {
    const ScratchModel folder("llama2-f32");
    folder.replace(kFile, "rotary_emb.inv_freq", "rotary_emb.inv_frqq");
    EXPECT_THAT(refusal<BadDataError>(folder),
                HasSubstr("rotary_emb.inv_frqq', which its config.json does not imply"));
  }
  {
    const ScratchModel folder("llama2-f32");
    folder.replace("config.json", R"("vocab_size": 320)", R"("vocab_size": 321)");
    EXPECT_THAT(
        refusal<BadDataError>(folder),
        AllOf(HasSubstr("'model.embed_tokens.weight' has shape [320, 64]"), HasSubstr("implies [321, 64]")));
  }
  {
    const ScratchModel folder("llama2-f32");
    folder.replace("config.json", R"("tie_word_embeddings": false)", R"("tie_word_embeddings": true)");
    EXPECT_THAT(Checkpoint(folder.path(), "m").notes(), testing::Contains(HasSubstr("lm_head.weight")));
  }
}

TEST(Checkpoint, WeightsMustBeFloats) {
  const ScratchModel folder("qwen3-bf16");
  std::string bytes = folder.read(kFile);
  for (std::size_t at = 0; (at = bytes.find("\"BF16\"", at)) != std::string::npos;)
    bytes.replace(at, 6, "\"I16\" ");
  folder.write(kFile, bytes);
  EXPECT_THAT(refusal<BadDataError>(folder), HasSubstr("has dtype I16"));
}

TEST(Checkpoint, TheIndexMustAgreeWithItsShards) {
  const auto with = [](std::string_view from, std::string_view to) {
    const ScratchModel folder("llama3-bf16-sharded");
    folder.replace(kIndex, from, to);
    return refusal<BadDataError>(folder);
  };
  const std::string head = R"("lm_head.weight": "model-00006-of-00006.safetensors")";
  EXPECT_THAT(with(head, R"("lm_head.weight": "model-00001-of-00006.safetensors")"),
              HasSubstr("does not hold it"));
  EXPECT_THAT(with(head + ",", ""), HasSubstr("which the index does not name"));
  EXPECT_THAT(with(head, R"("lm_head.weight": 6)"), HasSubstr("must be the name of a file"));
  EXPECT_THAT(with(head, R"("lm_head.weight": "config.json")"), HasSubstr("does not end in .safetensors"));
  EXPECT_THAT(with(head, R"("lm_head.weight": "../m/model.safetensors")"),
              HasSubstr("not a plain file name"));
  EXPECT_THAT(with(head, R"("lm_head.weight": "/etc/x.safetensors")"), HasSubstr("not a plain file name"));
  EXPECT_THAT(with(head, head + "," + head), HasSubstr("twice"));
  EXPECT_THAT(with(R"("weight_map")", R"("weight_mop")"), HasSubstr("weight_map is missing"));
}

TEST(Checkpoint, AMissingShardOrFolderIsMissingInput) {
  const ScratchModel folder("llama3-bf16-sharded");
  fs::remove(folder.file("model-00003-of-00006.safetensors"));
  EXPECT_THAT(refusal<MissingInputError>(folder), HasSubstr("model-00003-of-00006.safetensors"));
  fs::remove(folder.file(kIndex));
  EXPECT_THAT(refusal<MissingInputError>(folder), HasSubstr("neither model.safetensors nor"));
  EXPECT_THAT(message_of<MissingInputError>([] { open_model("nowhere", "", 0); }),
              AllOf(HasSubstr("nowhere"), HasSubstr("tiny")));
}

TEST(Checkpoint, LinksMustStayInsideTheModel) {
  const ScratchModel outside("llama2-f32");
  const ScratchModel folder("llama2-f32");
  fs::remove(folder.file(kFile));
  fs::create_symlink(outside.file(kFile), folder.file(kFile));
  EXPECT_THAT(refusal<BadDataError>(folder), HasSubstr("leads out of the model folder"));
  fs::remove(folder.file(kFile));
  fs::copy(outside.file(kFile), folder.file("weights.bin"));
  fs::create_symlink("weights.bin", folder.file(kFile));
  EXPECT_EQ(refusal<BadDataError>(folder), "");
  fs::remove(folder.file(kFile));
  fs::create_directory(folder.file(kFile));
  EXPECT_THAT(refusal<BadDataError>(folder), HasSubstr("not a regular file"));
}

TEST(Checkpoint, ASnapshotOfAHuggingFaceCacheMayLinkToItsBlobs) {
  const ScratchModel fixture("llama2-f32");
  const ScratchModel cache;
  const fs::path entry = fs::path(cache.path()) / "models--a--b";
  fs::create_directories(entry / "snapshots" / "1");
  fs::create_directories(entry / "blobs");
  for (const char* name : {"config.json", kFile}) {
    fs::copy(fixture.file(name), entry / "blobs" / name);
    fs::create_symlink(fs::path("../../blobs") / name, entry / "snapshots" / "1" / name);
  }
  EXPECT_NO_THROW(Checkpoint((entry / "snapshots" / "1").string(), "m"));
  fs::remove(entry / "blobs" / kFile);
  fs::create_symlink(fixture.file(kFile), entry / "blobs" / kFile);
  EXPECT_THAT(message_of<BadDataError>([&] { Checkpoint((entry / "snapshots" / "1").string(), "m"); }),
              HasSubstr("leads out of the model folder"));
}

}  // namespace
}  // namespace tpscale

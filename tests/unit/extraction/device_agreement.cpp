// What a device and its CPUs can run, and the recipe that comes of it.

#include "extraction/device_agreement.hpp"

#include <gtest/gtest.h>

namespace pool3::extraction {
namespace {

const DeviceChoice gpu{.device = Device::cuda, .instructions = Instructions::amx, .int8 = true};
const DeviceChoice amx{.device = Device::cpu, .instructions = Instructions::amx, .int8 = true};
const DeviceChoice old{.device = Device::cpu, .instructions = Instructions::avx2};

TEST(Agreement, SaysWhatAPrecisionLacks) {
  for (const auto& where : {gpu, amx, old}) {
    EXPECT_EQ(hindrance(Precision::fp32, where), "");
    EXPECT_EQ(hindrance(Precision::bf16, where), "");
  }
  EXPECT_EQ(hindrance(Precision::fp16, gpu), "");
  EXPECT_NE(hindrance(Precision::fp16, amx).find("GPU"), std::string_view::npos);
  EXPECT_EQ(hindrance(Precision::int8, amx), "");
  EXPECT_NE(hindrance(Precision::int8, old).find("VNNI"), std::string_view::npos);
  EXPECT_NE(hindrance(Precision::int8, gpu).find("CPUs"), std::string_view::npos);
}

TEST(Agreement, ChoosesWhatIsFastWithoutLoss) {
  EXPECT_EQ(choose_precision(gpu, false, false), Precision::fp16);
  EXPECT_EQ(choose_precision(amx, false, true), Precision::bf16);
  EXPECT_EQ(choose_precision(amx, false, false), Precision::fp32);
  EXPECT_EQ(choose_precision(gpu, true, true), Precision::fp32);
}

// Rows of fp32 and int8 are the same with all kernels of a precision, so that a rank may use its best ones.
TEST(Agreement, RanksUseTheirOwnInstructionsWhereRowsAreTheSame) {
  using enum Instructions;
  EXPECT_EQ(usable_instructions(Precision::fp32, avx2, avx512), avx512);
  EXPECT_EQ(usable_instructions(Precision::int8, avx512_vnni, amx), amx);
  EXPECT_EQ(usable_instructions(Precision::bf16, avx512_bf16, amx), avx512_bf16);
  EXPECT_EQ(usable_instructions(Precision::fp32, any, avx512), any);
}

TEST(RowRecipe, SaysHowToDecode) {
  const RowRecipe plain{.profile = InputProfile::torchvision, .apply_orientation = false, .max_pixels = 5};
  EXPECT_EQ(plain.decoding().shortest_side, 0);
  EXPECT_EQ(plain.decoding().max_pixels, 5);
  EXPECT_FALSE(plain.decoding().apply_orientation);
  EXPECT_EQ(plain.preprocessing(), (Preprocessing{"torchvision", false, false, 5}));
  const RowRecipe fast{.profile = InputProfile::torchvision, .fast_decode = true};
  EXPECT_EQ(fast.decoding().shortest_side, 342);  // what torchvision resizes to before its crop
  EXPECT_TRUE(fast.decoding().apply_orientation);
  EXPECT_EQ(fast.preprocessing(), (Preprocessing{"torchvision", true}));
}

TEST(RowRecipe, IsFoundAgainFromWhatAFileSays) {
  const RowRecipe made{.profile = InputProfile::keras,
                       .fast_decode = true,
                       .apply_orientation = false,
                       .max_pixels = 12345,
                       .precision = Precision::bf16};
  const Provenance said{.profile = to_string(made.preprocessing()), .precision = "bf16"};
  const ExtractorOptions options = like_rows_of(said, {.threads = 3});
  EXPECT_EQ((RowRecipe{.profile = *options.profile,
                       .fast_decode = options.fast_decode,
                       .apply_orientation = options.apply_orientation,
                       .max_pixels = options.max_pixels,
                       .precision = *options.precision}),
            made);
  EXPECT_TRUE(options.or_fp32);
  EXPECT_EQ(options.threads, 3);
}

}  // namespace
}  // namespace pool3::extraction

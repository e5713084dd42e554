// Flags of extract: which rows a part has, how many pictures may fail, and what goes to the extractor.

#include <gtest/gtest.h>

#include "commands/extract/options.hpp"
#include "pool3/error.hpp"

namespace pool3::jobs {
namespace {

FileShape shape(const std::string& part, const std::string& dtype = "float32") {
  return shape_of({.out = {}, .part = part, .dtype = dtype});
}

TEST(ExtractOptions, APartIsPartOfSo) {
  EXPECT_EQ(shape(""), (FileShape{1, 1, FeatureType::float32}));
  EXPECT_EQ(shape("2/8", "float16"), (FileShape{2, 8, FeatureType::float16}));
  for (const char* wrong : {"2", "/", "0/3", "4/3", "1/x", "-1/3", "1/3/", "1/0"})
    EXPECT_THROW(shape(wrong), Error) << wrong;
  EXPECT_THROW(shape("", "float64"), Error);
}

TEST(ExtractOptions, FlagsSayThemselvesWhatTheyChange) {
  for (const char* flag : {"corpus", "classes", "labels", "weights", "precision", "command"})
    EXPECT_TRUE(is_told_by_content(flag));
  for (const char* flag : {"max-pixels", "device", "dtype", "out"}) EXPECT_FALSE(is_told_by_content(flag));
}

TEST(ExtractOptions, PartsAreWholeBlocksAndTogetherAllRows) {
  for (const std::int64_t rows : {0, 1, 15, 16, 17, 165}) {
    Row next = 0;
    for (std::int64_t part = 1; part <= 7; ++part) {
      const RowRange range = rows_of_part(rows, 16, {part, 7, FeatureType::float32});
      EXPECT_EQ(range.begin, next);
      EXPECT_TRUE(range.end % 16 == 0 || range.end == rows);
      next = range.end;
    }
    EXPECT_EQ(next, rows);
  }
}

TEST(ExtractOptions, ALimitOfFailuresIsANumberOrAShare) {
  EXPECT_EQ(failure_limit("", 200), -1);
  EXPECT_EQ(failure_limit("12", 200), 12);
  EXPECT_EQ(failure_limit("5%", 200), 10);
  EXPECT_EQ(failure_limit("0", 200), 0);
  for (const char* wrong : {"many", "-1", "1.5", "101%", "5 %", "%"})
    EXPECT_THROW(static_cast<void>(failure_limit(wrong, 9)), Error) << wrong;
}

TEST(ExtractOptions, FlagsBecomeWhatTheExtractorIsAsked) {
  const ExtractorOptions open = extractor_options({}, {});
  EXPECT_FALSE(open.device || open.precision || open.profile || open.or_fp32 || open.fast_decode);
  EXPECT_TRUE(open.apply_orientation);
  const ExtractorOptions all =
      extractor_options({.device = "cuda", .precision = "fp16", .batch = 32, .threads = 3},
                        {.profile = "keras", .max_pixels = 9, .ignore_orientation = true, .fast_decode = true});
  EXPECT_EQ(all.device, Device::cuda);
  EXPECT_EQ(all.precision, Precision::fp16);
  EXPECT_EQ(all.profile, InputProfile::keras);
  EXPECT_TRUE(all.fast_decode && !all.apply_orientation);
  EXPECT_EQ(all.max_pixels, 9);
  EXPECT_EQ(all.batch, 32);
  EXPECT_EQ(all.threads, 3);
}

TEST(ExtractOptions, WordsThatCantBeAreRefused) {
  const auto refused = [](const NetworkFlags& network, const DecodingFlags& decoding = {}) {
    EXPECT_THROW(static_cast<void>(extractor_options(network, decoding)), Error);
  };
  refused({.device = "tpu"});
  refused({.precision = "half"});
  refused({.device = "cpu", .precision = "fp16"});
  refused({.device = "cuda", .precision = "int8"});
  refused({.batch = 0});
  refused({.batch = 1025});
  refused({.threads = -1});
  refused({}, {.profile = "caffe"});
  refused({}, {.max_pixels = 0});
}

}  // namespace
}  // namespace pool3::jobs

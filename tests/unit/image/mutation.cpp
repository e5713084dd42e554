#include <gtest/gtest.h>

#include <random>

#include "unit/image/fixtures.hpp"

namespace pool3 {
namespace {

using test::Buffer;

Buffer mutated(Buffer bytes, std::mt19937& random) {
  const auto below = [&](std::size_t n) { return std::uniform_int_distribution<std::size_t>(0, n - 1)(random); };
  const std::size_t flips = 1 + below(6);
  for (std::size_t i = 0; i < flips; ++i) bytes[below(bytes.size())] ^= static_cast<std::byte>(1U << below(8));
  if (below(4) == 0) bytes.resize(1 + below(bytes.size()));
  if (below(2) == 0) test::repair_checksums(bytes);
  return bytes;
}

// 1 Mpixel is enough to see that sizes agree; a flipped bit in a header may ask for far more.
const DecodeOptions small = {.max_pixels = 1 << 20};

void expect_whole_or_refused(const Buffer& bytes) {
  try {
    const Image picture = decode(bytes, small);
    ASSERT_GT(picture.width, 0);
    ASSERT_GT(picture.height, 0);
    ASSERT_EQ(static_cast<std::int64_t>(picture.pixels.size()), picture.width * picture.height * 3);
    if (bytes[0] == std::byte{0x89}) {
      ASSERT_EQ(picture.width * picture.height,
                std::int64_t{test::big_endian(bytes, 16)} * test::big_endian(bytes, 20));
    }
  } catch (const ImageError& error) {
    const std::string_view text = error.what();
    ASSERT_FALSE(text.empty());
    ASSERT_EQ(text.find('\n'), std::string_view::npos);
    ASSERT_TRUE(error.status() == RowStatus::corrupt || error.status() == RowStatus::too_large ||
                error.status() == RowStatus::unknown_format);
  }
}

TEST(Mutation, DamagedPicturesAreDecodedOrRefused) {
  std::mt19937 random(42);
  std::size_t refused = 0;
  std::size_t tried = 0;
  for (const test::Fixture& f : test::load_fixtures()) {
    for (int i = 0; i < 100; ++i, ++tried) {
      const Buffer bytes = mutated(f.bytes, random);
      SCOPED_TRACE(f.name + " mutation " + std::to_string(i));
      expect_whole_or_refused(bytes);
      if (HasFatalFailure()) return;
      refused += test::status_of(bytes, small) != RowStatus::done;
    }
  }
  EXPECT_GT(tried, 5000U);
  EXPECT_GT(refused, tried / 2);
  EXPECT_LT(refused, tried);
}

}  // namespace
}  // namespace pool3

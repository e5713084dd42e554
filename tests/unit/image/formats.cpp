// Damage and hostile sizes in WebP, GIF, BMP, TIFF, PNM, ICO and TGA. What whole files give is in image_decode.cpp.

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <string>
#include <vector>

#include "unit/image/fixtures.hpp"

namespace pool3 {
namespace {

using test::Buffer;
using test::fixture_bytes;
using test::status_of;
using test::to_buffer;

void put_little_endian(Buffer& bytes, std::size_t at, std::uint64_t value, std::size_t width) {
  for (std::size_t i = 0; i < width; ++i) bytes.at(at + i) = static_cast<std::byte>(value >> (8 * i));
}

Buffer with_number(Buffer bytes, std::size_t at, std::uint64_t value, std::size_t width) {
  put_little_endian(bytes, at, value, width);
  return bytes;
}

/// Where the value of a tag is in a little-endian TIFF's first directory.
std::size_t tiff_value(const Buffer& bytes, std::uint32_t tag) {
  const auto number = [&](std::size_t at, std::size_t width) {
    std::size_t value = 0;
    for (std::size_t i = width; i-- > 0;) value = value << 8 | std::to_integer<std::size_t>(bytes.at(at + i));
    return value;
  };
  const std::size_t directory = number(4, 4);
  for (std::size_t i = 0; i < number(directory, 2); ++i) {
    if (number(directory + 2 + 12 * i, 2) == tag) return directory + 2 + 12 * i + 8;
  }
  throw std::runtime_error("the fixture lacks tag " + std::to_string(tag));
}

Buffer tiff_with(const std::string& name, std::uint32_t tag, std::uint64_t value, std::size_t width = 4) {
  const Buffer bytes = fixture_bytes(name);
  return with_number(bytes, tiff_value(bytes, tag), value, width);
}

/// A TIFF of one grey pixel, with more tags: tag, type (1 BYTE, 4 LONG), count, value.
Buffer one_pixel_tiff(const std::vector<std::array<std::uint32_t, 4>>& more) {
  std::vector<std::array<std::uint32_t, 4>> tags = {{256, 4, 1, 1}, {257, 4, 1, 1}, {258, 3, 1, 8},
                                                    {259, 3, 1, 1}, {262, 3, 1, 1}, {273, 4, 1, 4},
                                                    {277, 3, 1, 1}, {278, 4, 1, 1}, {279, 4, 1, 1}};
  tags.insert(tags.end(), more.begin(), more.end());
  std::ranges::sort(tags);
  Buffer bytes = to_buffer({"II*\0\x08\0\0\0", 8});
  bytes.resize(8 + 2 + 12 * tags.size() + 4);
  put_little_endian(bytes, 8, tags.size(), 2);
  for (std::size_t i = 0; i < tags.size(); ++i) {
    put_little_endian(bytes, 10 + 12 * i, tags[i][0], 2);
    put_little_endian(bytes, 12 + 12 * i, tags[i][1], 2);
    put_little_endian(bytes, 14 + 12 * i, tags[i][2], 4);
    put_little_endian(bytes, 18 + 12 * i, tags[i][3], 4);
  }
  return bytes;
}

TEST(Formats, PreviewsOfRawPicturesAreNotTakenForThem) {
  EXPECT_EQ(status_of(one_pixel_tiff({})), RowStatus::done);
  EXPECT_EQ(status_of(one_pixel_tiff({{254, 4, 1, 1}})), RowStatus::done);  // a small page alone
  EXPECT_EQ(status_of(one_pixel_tiff({{330, 4, 1, 8}})), RowStatus::done);  // a pyramid
  EXPECT_EQ(status_of(one_pixel_tiff({{254, 4, 1, 1}, {330, 4, 1, 8}})), RowStatus::unknown_format);
  EXPECT_EQ(status_of(one_pixel_tiff({{50706, 1, 4, 0x401}})), RowStatus::unknown_format);  // DNG 1.4
}

void expect_truncations_refused(const std::string& name, std::size_t from, std::size_t unneeded_at_the_end) {
  const Buffer bytes = fixture_bytes(name);
  for (std::size_t size = from; size < bytes.size() - unneeded_at_the_end; ++size) {
    ASSERT_EQ(status_of(std::span(bytes).first(size)), RowStatus::corrupt) << name << " cut to " << size;
  }
  EXPECT_EQ(status_of(std::span(bytes).first(bytes.size() - unneeded_at_the_end)), RowStatus::done) << name;
}

TEST(Formats, RefuseEveryTruncation) {
  for (const char* name : {"lossy.webp", "lossy_alpha.webp", "lossless_alpha.webp", "exif_6.webp", "animated.webp"}) {
    expect_truncations_refused(name, 12, 0);
  }
  // The first frame is whole without the byte that ends a file.
  for (const char* name : {"palette.gif", "interlaced.gif", "transparent.gif"}) expect_truncations_refused(name, 6, 1);
  expect_truncations_refused("24bit.bmp", 18, 3);  // the last line lacks its filler
  for (const char* name : {"8bit.bmp", "32bit_alpha_v4.bmp", "16bit_565.bmp"}) {
    SCOPED_TRACE(name);
    const Buffer bytes = fixture_bytes(name);
    for (std::size_t size = 18; size + 4 < bytes.size(); ++size) {
      ASSERT_EQ(status_of(std::span(bytes).first(size)), RowStatus::corrupt) << size;
    }
  }
  expect_truncations_refused("8bit_runs_step.bmp", 18, 0);
  for (const char* name : {"p4.pbm", "p5_30.pgm", "p5_65535.pgm", "p6_255.ppm"}) expect_truncations_refused(name, 2, 0);
  for (const char* name : {"4bit_mask.ico", "32bit_alpha.ico", "png_inside.ico"})
    expect_truncations_refused(name, 4, 0);
  for (const char* name : {"24bit.tga", "32bit_alpha_runs.tga", "grey_runs.tga", "palette_runs.tga"})
    expect_truncations_refused(name, 8, 0);
  expect_truncations_refused("palette_from_4.tga", 18, 0);  // known by its whole header
  expect_truncations_refused("p1.pbm", 2, 1);               // all but the line's end
  expect_truncations_refused("p2_1.pgm", 2, 1);
  expect_truncations_refused("p3_1.ppm", 2, 1);
}

TEST(Formats, CheckTheLimitBeforeTheyTakeMemory) {
  for (const test::Fixture& f : test::load_fixtures()) {
    const std::int64_t pixels = f.expected.width * f.expected.height;
    EXPECT_EQ(status_of(f.bytes, {.max_pixels = pixels}), RowStatus::done) << f.name;
    EXPECT_EQ(status_of(f.bytes, {.max_pixels = pixels - 1}), RowStatus::too_large) << f.name;
  }
}

TEST(Formats, RefuseHostileSizes) {
  const auto expect_too_large = [](const Buffer& bytes) { EXPECT_EQ(status_of(bytes), RowStatus::too_large); };
  const Buffer gif = fixture_bytes("palette.gif");
  expect_too_large(with_number(gif, 6, 0xFFFFFFFF, 4));  // 65535 x 65535
  const auto frame =
      static_cast<std::size_t>(std::ranges::search(gif, to_buffer({",\0\0\0\0", 5})).begin() - gif.begin());
  expect_too_large(with_number(gif, frame + 1, 0xFFFFFFFF, 4));  // the frame's place
  expect_too_large(with_number(gif, frame + 5, 0xFFFFFFFF, 4));  // the frame's size
  const Buffer bmp = fixture_bytes("24bit.bmp");
  expect_too_large(with_number(bmp, 18, 0x7FFFFFFF7FFFFFFF, 8));
  EXPECT_EQ(status_of(with_number(bmp, 18, 0x80000000, 4)), RowStatus::corrupt);
  EXPECT_EQ(status_of(with_number(bmp, 22, 0, 4)), RowStatus::corrupt);
  expect_too_large(with_number(bmp, 22, 0x80000000, 4));  // the height has no positive counterpart in 32 bits
  expect_too_large(with_number(fixture_bytes("lossless_alpha.webp"), 21, 0xFFFFFFF, 4));  // 16384 x 16384
  expect_too_large(with_number(fixture_bytes("24bit_runs.tga"), 12, 0xFFFFFFFF, 4));      // 65535 x 65535
  constexpr std::size_t sides = 6 + 2 * 16 + 4;  // of an icon of two pictures whose first is the larger
  const Buffer icon = fixture_bytes("24bit_mask.ico");
  expect_too_large(with_number(icon, sides, 0x7FFFFFFF7FFFFFFF, 8));
  EXPECT_EQ(status_of(with_number(icon, sides, 0x80000000, 4)), RowStatus::corrupt);
  EXPECT_EQ(status_of(with_number(icon, sides + 4, 1, 4)), RowStatus::corrupt);        // half a line
  EXPECT_EQ(status_of(with_number(icon, 6 + 12, 0xFFFFFFFF, 4)), RowStatus::corrupt);  // its place
  EXPECT_EQ(status_of(with_number(icon, 4, 0xFFFF, 2)), RowStatus::corrupt);           // pictures
  Buffer canvas = fixture_bytes("animated.webp");
  put_little_endian(canvas, 24, 0xFFFFFF, 3);
  EXPECT_NE(status_of(canvas), RowStatus::done);
  expect_too_large(tiff_with("rgb_8bit_strips.tif", 256, 0xFFFFFFFF));
  EXPECT_NE(status_of(tiff_with("rgb_8bit_strips.tif", 257, 0xFFFFFFFF)), RowStatus::done);
}

TEST(Formats, RefuseTiffsWhoseNumbersAreHostile) {
  for (const std::uint64_t side : {0ULL, 0x7FFFFFF0ULL, 0xFFFFFFF0ULL}) {
    for (const std::uint32_t tag : {322U, 323U}) {
      EXPECT_EQ(status_of(tiff_with("rgb_8bit_tiles.tif", tag, side)), RowStatus::corrupt) << tag << ": " << side;
    }
  }
  EXPECT_NE(status_of(tiff_with("rgb_8bit_strips.tif", 277, 0xFFFF, 2)), RowStatus::done);  // samples of a pixel
  EXPECT_EQ(status_of(tiff_with("grey_8bit_strips.tif", 258, 32, 2)), RowStatus::unknown_format);
  EXPECT_EQ(status_of(tiff_with("grey_8bit_strips.tif", 259, 6, 2)), RowStatus::unknown_format);      // the old JPEG
  EXPECT_EQ(status_of(tiff_with("grey_8bit_strips.tif", 259, 60000, 2)), RowStatus::unknown_format);  // no codec
  EXPECT_EQ(status_of(tiff_with("grey_8bit_strips.tif", 262, 99, 2)), RowStatus::unknown_format);
}

TEST(Formats, RefuseBmpsWhoseNumbersAreHostile) {
  const Buffer bmp = fixture_bytes("8bit.bmp");
  EXPECT_EQ(status_of(with_number(bmp, 10, 0xFFFFFFFF, 4)), RowStatus::corrupt);  // where the pixels begin
  EXPECT_EQ(status_of(with_number(bmp, 10, 1, 4)), RowStatus::corrupt);
  EXPECT_EQ(status_of(with_number(bmp, 28, 9, 2)), RowStatus::corrupt);         // bits
  EXPECT_EQ(status_of(with_number(bmp, 30, 4, 4)), RowStatus::unknown_format);  // a JPEG inside
  EXPECT_EQ(status_of(with_number(bmp, 46, 1, 4)), RowStatus::corrupt);         // a palette of one colour
  EXPECT_EQ(status_of(with_number(fixture_bytes("16bit_565.bmp"), 54, 0xF0F0, 4)), RowStatus::corrupt);
}

TEST(Formats, RefusePnmWhoseNumbersAreHostile) {
  const auto status = [](const std::string& text) { return status_of(to_buffer(text)); };
  EXPECT_EQ(status("P6 99999999999999999999999999 1 255 abc"), RowStatus::too_large);
  EXPECT_EQ(status("P5 1000000 1000000 255 abc"), RowStatus::too_large);
  EXPECT_EQ(status("P5 10000 5000 255 abc"), RowStatus::corrupt);  // the file is too short for that many
  for (const char* text :
       {"P5 0 1 255 a", "P5 -1 1 255 a", "P5 1 1 0 a", "P5 1 1 65536 aa", "P5 1 1 1e2 a", "P5 # 1 1 255 a",
        "P5x1 1 255 a", "P6 is no picture", "P1 1 1 2", "P2 1 1 9 10", "P2 2 1 9 1 a", "P2 1 1 9 -1"})
    EXPECT_EQ(status(text), RowStatus::corrupt) << text;
  for (const char* text :
       {"P5 1 1 255 a", "P5\r1\v1\f255#\na", "P5#\n1 1#255\r2\na", "P1 1 1 1", "P2 1 1 9 9#", "P5 1 1 255 a, and more"})
    EXPECT_EQ(status(text), RowStatus::done) << text;
}

TEST(Formats, NamePamAndFloatMaps) {
  for (const char* text : {"P7\nWIDTH 1\n", "PF\n1 1\n-1\n", "Pf\n1 1\n-1\n"})
    EXPECT_EQ(status_of(to_buffer(text)), RowStatus::unknown_format) << text;
}

TEST(Formats, RefuseAGifOfNoFrameAndOfAMissingColour) {
  Buffer gif = fixture_bytes("palette.gif");
  EXPECT_EQ(status_of(to_buffer({"GIF89a\1\0\1\0\0\0\0;", 14})), RowStatus::corrupt);
  gif[10] = static_cast<std::byte>(0);  // no palette: its bytes are taken for records
  EXPECT_EQ(status_of(gif), RowStatus::corrupt);
}

}  // namespace
}  // namespace pool3

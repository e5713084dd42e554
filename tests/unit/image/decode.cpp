#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <limits>
#include <map>
#include <string>
#include <thread>

#include "unit/image/fixtures.hpp"

namespace pool3 {
namespace {

using test::Buffer;
using test::fixture_bytes;
using test::status_of;
using test::to_buffer;
using ::testing::HasSubstr;

std::string message_of(std::span<const std::byte> bytes, const DecodeOptions& options = {}) {
  try {
    static_cast<void>(decode(bytes, options));
  } catch (const ImageError& error) {
    return error.what();
  }
  return "no error";
}

TEST(Decode, GivesThePixelsOfEveryKindOfPicture) {
  const auto fixtures = test::load_fixtures();
  ASSERT_GE(fixtures.size(), 60U);
  for (const test::Fixture& f : fixtures) {
    SCOPED_TRACE(f.name);
    const Image picture = decode(f.bytes);
    EXPECT_EQ(picture.width, f.expected.width);
    EXPECT_EQ(picture.height, f.expected.height);
    EXPECT_EQ(picture.pixels, f.expected.pixels);
  }
}

TEST(Decode, LeavesThePictureAsStoredWithoutOrientation) {
  for (const char* name : {"exif_6.jpg", "exif_8.jpg"}) {
    const Image stored = decode(fixture_bytes(name), {.apply_orientation = false});
    EXPECT_EQ(stored.width, 21);
    EXPECT_EQ(stored.height, 9);
    EXPECT_EQ(decode(fixture_bytes(name)).width, 9);
  }
}

TEST(Decode, IgnoresDamagedExif) {
  // The count of entries, their offset, and the orientation itself, each out of bounds.
  Buffer bytes = fixture_bytes("exif_6.jpg");
  const auto exif = std::ranges::search(bytes, to_buffer("Exif")).begin() - bytes.begin() + 6;
  const auto with = [&](std::ptrdiff_t at, int value) {
    Buffer changed = bytes;
    changed[static_cast<std::size_t>(exif + at)] = static_cast<std::byte>(value);
    return decode(changed).width;
  };
  EXPECT_EQ(with(0, 'M'), 9);                                    // unchanged: turned
  for (const int at : {0, 1, 3}) EXPECT_EQ(with(at, 'x'), 21);   // byte order, magic
  for (const int at : {4, 5, 6}) EXPECT_EQ(with(at, 0xFF), 21);  // offset of the table
  EXPECT_EQ(with(8, 0xFF), 9);             // far too many entries, the orientation among the first
  EXPECT_EQ(with(8 + 2 + 24 + 9, 9), 21);  // orientation 9
}

TEST(Decode, NamesWhatIsNotAPicture) {
  EXPECT_EQ(status_of({}), RowStatus::empty);
  EXPECT_EQ(status_of(to_buffer("plain text")), RowStatus::unknown_format);
  EXPECT_EQ(status_of(to_buffer("\xFF")), RowStatus::unknown_format);
  EXPECT_EQ(status_of(to_buffer("BMX is a band, and no bitmap")), RowStatus::unknown_format);
  EXPECT_EQ(status_of(to_buffer("RIFF1234WAVEfmt ")), RowStatus::unknown_format);
  EXPECT_THAT(message_of(to_buffer("....ftypavif")),
              HasSubstr("a file of type AVIF (avifdec A.avif A.png makes a PNG of it); JPEG, PNG"));
  EXPECT_THAT(message_of(to_buffer("<!DOCTYPE html>")), HasSubstr("HTML"));
}

TEST(Decode, SaysWhatAFileOfNoFormatIs) {
  const std::vector<std::pair<std::string, std::string>> words = {
      {"\n\n <HTML><body>", "a file of type HTML; JPEG"},
      {"\xEF\xBB\xBF<!doctype HTML>", "a file of type HTML; JPEG"},
      {"<!DOCTYPE svg PUBLIC",
       "a file of type SVG or XML (rsvg-convert A.svg -o A.png makes a PNG of a drawing); JPEG"},
      {"<Error><Code>AccessDenied</Code>", "an error message of a server (XML); JPEG"},
      {"<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<Error><Code>", "an error message of a server (XML); JPEG"},
      {"{\"error\": 404}", "a file of type JSON; JPEG"},
      {"404: Not Found\n", "a text that begins with \"404: Not Found\"; JPEG"},
      {"https://a.example/1.jpg", "the address of a picture, and not the picture; JPEG"},
      {"data:image/png;base64,iVBOR", "text that stands for a picture (base64 -d"},
      {"/9j/4AAQSkZJRgABAQ", "text that stands for a picture (base64 -d"},
      {std::string(100, '\0'), "zeros instead of a picture"},
      {"\xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBD", "took for text, by which bytes were lost"},
      {"\r\n\xFF\xD8\xFF\xE0", "2 bytes that do not belong there, and then a JPEG; JPEG"},
      {"x\x89PNG\r\n", "1 byte that does not belong there, and then a PNG; JPEG"},
      {{"\x01\x80\x02", 3}, "not a picture; JPEG"},
      {{"II*\0\x10\0\0\0CR\2\0", 12}, "Canon's CR2 (raw) (dcraw_emu -w -T A of LibRaw makes a TIFF of it); JPEG"},
      {"....ftypcrx ", "Canon's CR3 (raw) (dcraw_emu"},
      {"%PDF-1.7", "a file of type PDF (pdftoppm -png A.pdf A makes a PNG of each page); JPEG"},
      {"RIFF1234AVI LIST", "video; JPEG"},
      {{"\0\5\x16\7\0\2", 6}, "AppleDouble"}};
  for (const auto& [file, expected] : words) {
    EXPECT_EQ(status_of(to_buffer(file)), RowStatus::unknown_format) << expected;
    EXPECT_THAT(message_of(to_buffer(file)), HasSubstr(expected));
  }
}

TEST(Decode, KindsOfJpegThatAreNotReadAreNoDamage) {
  const Buffer jpeg = fixture_bytes("baseline_420.jpg");
  const auto frame = std::ranges::search(jpeg, to_buffer({"\xFF\xC0", 2})).begin() - jpeg.begin();
  const auto with = [&](std::ptrdiff_t at, int value) {
    Buffer changed = jpeg;
    changed[static_cast<std::size_t>(frame + at)] = static_cast<std::byte>(value);
    return changed;
  };
  EXPECT_EQ(status_of(with(4, 12)), RowStatus::unknown_format);  // bits of a sample
  EXPECT_THAT(message_of(with(4, 12)), HasSubstr("more than 8 bits"));
  EXPECT_EQ(status_of(with(1, 0xC3)), RowStatus::unknown_format);
  EXPECT_THAT(message_of(with(1, 0xC3)), HasSubstr("lossless"));
  EXPECT_THAT(message_of(with(1, 0xC5)), HasSubstr("hierarchical"));
}

TEST(Decode, ReadsABmpThatLeavesOutWhereItsPixelsAre) {
  for (const char* name : {"24bit.bmp", "8bit.bmp", "24bit_os2.bmp", "16bit_565.bmp"}) {
    Buffer bytes = fixture_bytes(name);
    const Image whole = decode(bytes);
    for (const std::size_t at : {10U, 11U, 12U, 13U}) bytes[at] = std::byte{0};
    EXPECT_EQ(decode(bytes).pixels, whole.pixels) << name;
  }
}

TEST(Decode, RefusesEveryTruncation) {
  for (const char* name : {"baseline_420.jpg", "progressive.jpg", "grey.jpg", "cmyk_adobe.jpg", "exif_3.jpg",
                           "type2_8bit.png", "type6_8bit_adam7.png", "type3_4bit_trns_adam7.png", "saved_jpeg.tif",
                           "saved_lzw.tif", "rgb_8bit_tiles.tif", "grey_2bit_tiles.tif"}) {
    const Buffer bytes = fixture_bytes(name);
    for (std::size_t size = 4; size < bytes.size(); ++size) {
      ASSERT_EQ(status_of(std::span(bytes).first(size)), RowStatus::corrupt) << name << " cut to " << size;
    }
  }
}

TEST(Decode, SaysTheDecodersOwnWords) {
  const Buffer jpeg = fixture_bytes("baseline_420.jpg");
  EXPECT_THAT(message_of(std::span(jpeg).first(jpeg.size() - 9)), HasSubstr("Premature end of JPEG file"));
  const Buffer png = fixture_bytes("type2_8bit.png");
  EXPECT_THAT(message_of(std::span(png).first(png.size() - 30)), HasSubstr("ends too early"));
  Buffer flipped = png;
  flipped[flipped.size() - 13] ^= std::byte{1};  // in the checksum of the last IDAT
  EXPECT_THAT(message_of(flipped), HasSubstr("IDAT: CRC error"));
}

TEST(Decode, RefusesDamageThatLeavesTheLength) {
  Buffer jpeg = fixture_bytes("baseline_420.jpg");
  jpeg[jpeg.size() - 100] = std::byte{0xFF};
  jpeg[jpeg.size() - 99] = std::byte{0xD9};  // an end marker in the middle of the data
  EXPECT_THAT(message_of(jpeg), HasSubstr("premature end of data segment"));
  Buffer png = fixture_bytes("type2_8bit.png");
  png[png.size() - 60] ^= std::byte{0x10};
  test::repair_checksums(png);
  EXPECT_EQ(status_of(png), RowStatus::corrupt);  // zlib's own checksum
}

TEST(Decode, TheFirstBytesTellWhatIsNoPicture) {
  const auto refusal = [](std::span<const std::byte> head) {
    try {
      check_head(head);
      return std::string("none");
    } catch (const ImageError& error) {
      return std::string(error.what());
    }
  };
  for (const char* name : {"baseline_420.jpg", "type2_8bit.png"}) {
    const Buffer picture = fixture_bytes(name);
    EXPECT_EQ(refusal(std::span(picture).first(64)), "none") << name;
  }
  for (const char* text : {"", "plain text", "<html>"})
    EXPECT_EQ(refusal(to_buffer(text)), message_of(to_buffer(text))) << text;
}

TEST(Decode, RefusesScanDataThatIsLeftOver) {
  const Buffer jpeg = fixture_bytes("baseline_420.jpg");
  const auto end = static_cast<std::ptrdiff_t>(jpeg.size()) - 2;
  const auto with_bytes = [&](std::ptrdiff_t at, const Buffer& bytes) {
    Buffer changed = jpeg;
    changed.insert(changed.begin() + at, bytes.begin(), bytes.end());
    return changed;
  };
  EXPECT_EQ(status_of(with_bytes(end, Buffer(1000))), RowStatus::done);  // zeros alone are filler
  Buffer other(1000);
  other[100] = std::byte{1};
  EXPECT_THAT(message_of(with_bytes(end, other)), HasSubstr("extraneous bytes before marker 0xd9"));
  other[100] = std::byte{0xFF};  // FF 00 is a byte of data
  EXPECT_EQ(status_of(with_bytes(end, other)), RowStatus::corrupt);
}

TEST(Decode, RefusesZerosThatStandForScanData) {
  // A hole in a file: the decoder takes zeros for data, and other zeros are left over.
  Buffer jpeg = fixture_bytes("shrink_420.jpg");
  const auto scan = std::ranges::search(jpeg, to_buffer({"\xFF\xDA", 2})).begin() - jpeg.begin() + 14;
  for (const std::ptrdiff_t kept : {0, 50, 400}) {
    Buffer hole = jpeg;
    hole.insert(hole.end() - 2, 100000, std::byte{0});
    std::fill(hole.begin() + scan + kept, hole.end() - 2, std::byte{0});
    EXPECT_THAT(message_of(hole), HasSubstr("extraneous bytes")) << kept;
  }
}

TEST(Decode, RefusesAHeaderThatHasLostASegment) {
  // Behind a damaged marker a segment would be passed over: tables, the kind of colours, the orientation.
  for (const char* name : {"rgb_adobe.jpg", "exif_6.jpg", "cmyk_adobe.jpg", "baseline_420.jpg"}) {
    const Buffer whole = fixture_bytes(name);
    const auto scan = std::ranges::search(whole, to_buffer({"\xFF\xDA", 2})).begin() - whole.begin();
    for (std::ptrdiff_t at = 2; at < scan;) {
      Buffer damaged = whole;
      damaged[static_cast<std::size_t>(at)] = std::byte{0x7F};
      EXPECT_NE(status_of(damaged), RowStatus::done) << name << " at " << at;
      const auto byte = [&](std::ptrdiff_t i) { return std::to_integer<int>(whole[static_cast<std::size_t>(at + i)]); };
      at += 2 + byte(2) * 256 + byte(3);
    }
  }
}

TEST(Decode, ReadsAHeaderThatHasLostASegmentOfNothing) {
  const Buffer whole = fixture_bytes("baseline_420.jpg");
  const auto tables = std::ranges::search(whole, to_buffer({"\xFF\xDB", 2})).begin() - whole.begin();
  Buffer stray = whole;
  const Buffer nothing = to_buffer({"\xFF\x00\x00\x02", 4});
  stray.insert(stray.begin() + tables, nothing.begin(), nothing.end());
  EXPECT_EQ(decode(stray, {}).pixels, decode(whole, {}).pixels);
}

TEST(Decode, ChecksTheLimitBeforeItTakesMemory) {
  EXPECT_EQ(status_of(fixture_bytes("baseline_420.jpg"), {.max_pixels = 29 * 19}), RowStatus::done);
  EXPECT_EQ(status_of(fixture_bytes("baseline_420.jpg"), {.max_pixels = 29 * 19 - 1}), RowStatus::too_large);
  EXPECT_EQ(status_of(fixture_bytes("type0_1bit.png"), {.max_pixels = 13 * 11 - 1}), RowStatus::too_large);
  // 2^28 x 2^28 pixels: would overflow, and could never be had.
  Buffer huge = fixture_bytes("type0_1bit.png");
  test::put_big_endian(huge, 16, 1U << 28);
  test::put_big_endian(huge, 20, 1U << 28);
  test::repair_checksums(huge);
  EXPECT_EQ(status_of(huge), RowStatus::too_large);
  EXPECT_THAT(message_of(huge), HasSubstr("268435456 x 268435456"));
  // Without a limit, memory is one.
  const DecodeOptions none{.max_pixels = std::numeric_limits<std::int64_t>::max()};
  EXPECT_EQ(status_of(huge, none), RowStatus::too_large);
  test::put_big_endian(huge, 16, 1U << 24);
  test::put_big_endian(huge, 20, 1U << 24);
  test::repair_checksums(huge);
  EXPECT_EQ(status_of(huge, none), RowStatus::too_large);
  EXPECT_GE(largest_file(none), largest_file({}));
  EXPECT_LT(largest_file(none), std::int64_t{1} << 50);
}

/// grey.jpg as Y, Cb and Cr, each in a scan of its own; `repeats` more scans follow.
Buffer jpeg_of_scans(int repeats) {
  Buffer bytes = fixture_bytes("grey.jpg");
  const auto frame = std::ranges::search(bytes, to_buffer({"\xFF\xC0", 2})).begin();
  frame[3] = std::byte{11 + 6};
  frame[9] = std::byte{3};
  const Buffer more = {std::byte{2}, std::byte{0x11}, std::byte{0}, std::byte{3}, std::byte{0x11}, std::byte{0}};
  bytes.insert(frame + 13, more.begin(), more.end());
  Buffer scan(std::ranges::search(bytes, to_buffer({"\xFF\xDA", 2})).begin(), bytes.end() - 2);
  Buffer out(bytes.begin(), bytes.end() - 2);
  for (int i = 0; i < 2 + repeats; ++i) {
    scan[5] = static_cast<std::byte>(2 + i % 2);  // the component
    out.insert(out.end(), scan.begin(), scan.end());
  }
  out.insert(out.end(), bytes.end() - 2, bytes.end());
  return out;
}

TEST(Decode, RefusesAJpegOfVeryManyScans) {
  EXPECT_EQ(status_of(jpeg_of_scans(0)), RowStatus::done);
  EXPECT_EQ(status_of(jpeg_of_scans(60)), RowStatus::done);
  EXPECT_EQ(message_of(jpeg_of_scans(200)), "too many scans");
}

TEST(Decode, ShrinksJpegsAsFarAsTheShorterSideAllows) {
  std::ifstream list(test::data_path("images/shrunk.txt"));
  std::string name, hex;
  std::int64_t side = 0, width = 0, height = 0;
  int count = 0;
  for (; list >> name >> side >> width >> height >> hex; ++count) {
    SCOPED_TRACE(name + " to " + std::to_string(side));
    const Image picture = decode(fixture_bytes(name), {.shortest_side = side});
    ASSERT_EQ(picture.width, width);
    ASSERT_EQ(picture.height, height);
    EXPECT_EQ(picture.pixels, test::bytes_of_hex(hex));
  }
  EXPECT_EQ(count, 13);
  EXPECT_EQ(decode(fixture_bytes("shrink_420.jpg")).width, 83);
  EXPECT_EQ(decode(fixture_bytes("shrink_420.jpg"), {.shortest_side = 71}).width, 83);
  EXPECT_EQ(decode(fixture_bytes("type2_8bit.png"), {.shortest_side = 1}).width, 13);
}

TEST(Decode, IsSafeInManyThreads) {
  const auto fixtures = test::load_fixtures();
  const auto half_of = [](const test::Fixture& f) { return std::span(f.bytes).first(f.bytes.size() / 2); };
  std::map<std::string, RowStatus> alone;
  for (const test::Fixture& f : fixtures) alone[f.name] = status_of(half_of(f));
  std::vector<std::thread> threads;
  std::vector<int> wrong(4);
  for (int& mine : wrong) {
    threads.emplace_back([&] {
      for (const test::Fixture& f : fixtures) {
        mine += decode(f.bytes).pixels != f.expected.pixels;
        mine += status_of(half_of(f)) != alone.at(f.name);
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(wrong, std::vector<int>(4, 0));
}

TEST(ContentKey, IsTheCanonicalHash) {
  EXPECT_EQ(to_hex(content_key({})), "99aa06d3014798d86001c324468d497f");
  EXPECT_EQ(to_hex(content_key(to_buffer("abc"))), "06b05ab6733a618578af5f94892f3950");
}

}  // namespace
}  // namespace pool3

#include "image/formats/png/orientation_text.hpp"

#include <zlib.h>

#include <algorithm>
#include <charconv>
#include <string>
#include <string_view>
#include <vector>

#include "image/exif.hpp"

namespace pool3::image {
namespace {

constexpr std::size_t signature_bytes = 8;
constexpr std::string_view xmp_keyword = "XML:com.adobe.xmp";
constexpr std::string_view raw_keyword = "Raw profile type ";  // and the kind: exif, APP1 (either) or xmp
/// No EXIF block or XMP packet of a real picture is larger when it is unpacked.
constexpr std::size_t max_text_bytes = std::size_t{1} << 22U;

std::string_view text_of(Bytes bytes) { return {reinterpret_cast<const char*>(bytes.data()), bytes.size()}; }

std::uint32_t big_endian(Bytes bytes, std::size_t at) {
  std::uint32_t value = 0;
  for (std::size_t i = 0; i < 4; ++i) value = value << 8 | std::to_integer<std::uint32_t>(bytes[at + i]);
  return value;
}

bool is_sound(Bytes type_and_data, std::uint32_t checksum) {
  return crc32_z(0, reinterpret_cast<const Bytef*>(type_and_data.data()), type_and_data.size()) == checksum;
}

/// Nothing for damage, and for more than max_text_bytes.
std::string unpacked(std::string_view packed) {
  std::string text(std::min(max_text_bytes, packed.size() * 1032 + 64), '\0');  // zlib packs no better than that
  auto size = static_cast<uLongf>(text.size());
  const auto* in = reinterpret_cast<const Bytef*>(packed.data());
  if (uncompress(reinterpret_cast<Bytef*>(text.data()), &size, in, static_cast<uLong>(packed.size())) != Z_OK)
    return {};
  text.resize(size);
  return text;
}

/// The part of `rest` before the next NUL, which is taken from it.
std::string_view take_field(std::string_view& rest) {
  const std::size_t end = std::min(rest.find('\0'), rest.size());
  const std::string_view field = rest.substr(0, end);
  rest.remove_prefix(std::min(end + 1, rest.size()));
  return field;
}

/// The text of a tEXt, zTXt or iTXt chunk behind its keyword.
std::string value_of(std::string_view type, std::string_view rest) {
  if (type == "tEXt") return std::string(rest);
  if (rest.empty()) return {};
  const bool packed = type == "zTXt" || rest[0] != 0;
  rest.remove_prefix(type == "zTXt" ? 1 : std::min<std::size_t>(rest.size(), 2));  // the method, and for iTXt a flag
  if (type == "iTXt") {
    static_cast<void>(take_field(rest));  // the language
    static_cast<void>(take_field(rest));  // the keyword in it
  }
  return packed ? unpacked(rest) : std::string(rest);
}

int digit_of(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  const char lower = static_cast<char>(c | 0x20);
  return lower >= 'a' && lower <= 'f' ? lower - 'a' + 10 : -1;
}

/// The bytes of a raw profile: a line with its kind, one with its length, then hex digits in lines.
std::vector<std::byte> raw_profile(std::string_view text) {
  constexpr std::string_view blanks = " \t\r\n";
  for (int line = 0; line < 2; ++line) {
    text.remove_prefix(std::min(text.find_first_not_of(blanks), text.size()));
    if (line == 0) text.remove_prefix(std::min(text.find_first_of(blanks), text.size()));
  }
  std::size_t length = 0;
  const auto number = std::from_chars(text.data(), text.data() + text.size(), length);
  if (number.ec != std::errc() || length > max_text_bytes) return {};
  std::vector<std::byte> bytes;
  int high = -1;
  for (const char* c = number.ptr; c != text.data() + text.size() && bytes.size() < length; ++c) {
    const int digit = digit_of(*c);
    if (digit < 0) continue;
    if (high >= 0) bytes.push_back(static_cast<std::byte>(high * 16 + digit));
    high = high < 0 ? digit : -1;
  }
  return bytes;
}

struct Found {
  int exif = 0, xmp = 0;
};

void look_into(std::string_view type, std::string_view data, Found& found) {
  const std::string_view keyword = take_field(data);
  if (keyword == xmp_keyword) {
    const std::string packet = value_of(type, data);
    if (found.xmp == 0) found.xmp = xmp_orientation(std::as_bytes(std::span(packet)));
    return;
  }
  if (!keyword.starts_with(raw_keyword)) return;
  const std::string_view kind = keyword.substr(raw_keyword.size());
  if (kind != "exif" && kind != "APP1" && kind != "xmp") return;
  const std::vector<std::byte> profile = raw_profile(value_of(type, data));
  if (found.exif == 0 && kind != "xmp") found.exif = exif_orientation(profile);
  if (found.xmp == 0) found.xmp = xmp_orientation(profile);
}

}  // namespace

int png_text_orientation(Bytes file) {
  Found found;
  for (std::size_t at = signature_bytes; at + 12 <= file.size();) {
    const std::size_t size = big_endian(file, at);
    if (size > file.size() - at - 12) break;
    const Bytes data = file.subspan(at + 8, size);
    const std::string_view type = text_of(file.subspan(at + 4, 4));
    const bool is_text = type == "tEXt" || type == "zTXt" || type == "iTXt";
    const bool matters = text_of(data).starts_with(raw_keyword) || text_of(data).starts_with(xmp_keyword);
    if (is_text && matters && is_sound(file.subspan(at + 4, size + 4), big_endian(file, at + 8 + size))) {
      look_into(type, text_of(data), found);
    }
    if (type == "IEND") break;
    at += 12 + size;
  }
  return orientation_of(found.exif, found.xmp);
}

}  // namespace pool3::image

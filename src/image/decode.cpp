#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <array>
#include <new>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "image/canvas.hpp"
#include "image/exif.hpp"
#include "image/formats/decoders.hpp"
#include "image/free_memory.hpp"

namespace pool3 {
namespace image {
namespace {

bool matches(Bytes bytes, const Format& format) {
  if (bytes.size() < format.at + format.magic.size()) return false;
  return std::equal(format.magic.begin(), format.magic.end(), bytes.begin() + static_cast<std::ptrdiff_t>(format.at),
                    [](char c, std::byte b) { return static_cast<std::byte>(c) == b; });
}

/// "JPEG, PNG, ... and TIFF": those that have a decoder.
std::string names_of_formats() {
  std::vector<std::string_view> names;
  for (const Format& format : formats) {
    if (format.decoder != nullptr && (names.empty() || names.back() != format.name)) names.push_back(format.name);
  }
  const std::string_view last = names.back();
  names.pop_back();
  return fmt::format("{} and {}", fmt::join(names, ", "), last);
}

/// A program that makes a picture of it that is read, in words; "" if none is known.
std::string_view converter_of(std::string_view format) {
  if (format.ends_with("(raw)")) return " (dcraw_emu -w -T A of LibRaw makes a TIFF of it)";
  constexpr std::array<std::array<std::string_view, 2>, 8> converters = {
      {{"HEIC", " (heif-convert A.heic A.jpg makes a JPEG of it)"},
       {"AVIF", " (avifdec A.avif A.png makes a PNG of it)"},
       {"JPEG XL", " (djxl A.jxl A.png makes a PNG of it)"},
       {"JPEG 2000", " (opj_decompress -i A.jp2 -o A.png makes a PNG of it)"},
       {"JPEG XR", " (JxrDecApp -i A.jxr -o A.bmp makes a BMP of it)"},
       {"PDF", " (pdftoppm -png A.pdf A makes a PNG of each page)"},
       {"Photoshop's PSD", " (convert 'A.psd[0]' A.png of ImageMagick makes a PNG of it)"},
       {"GIMP's XCF", " (xcf2png A.xcf -o A.png makes a PNG of it)"}}};
  const auto* const found = std::ranges::find_if(converters, [&](const auto& pair) { return pair[0] == format; });
  return found == converters.end() ? std::string_view() : (*found)[1];
}

/// Throws ImageError if the file is of none that has a decoder.
Decoder& decoder_of(Bytes bytes) {
  if (bytes.empty()) throw ImageError(RowStatus::empty, "the file has no bytes");
  const auto* format = std::ranges::find_if(formats, [&](const Format& f) { return matches(bytes, f); });
  if (format != formats.end() && format->decoder != nullptr) return *format->decoder;
  if (format == formats.end() && is_tga(bytes)) return decode_tga;
  const std::string found = format == formats.end()
                                ? words_of_unknown(bytes)
                                : fmt::format("a file of type {}{}", format->name, converter_of(format->name));
  throw ImageError(RowStatus::unknown_format, fmt::format("{}; {} are read", found, names_of_formats()));
}

}  // namespace
}  // namespace image

std::int64_t largest_file(const DecodeOptions& options) {
  constexpr std::int64_t bytes_of_pixel = 8, more = std::int64_t{64} << 20;
  const std::int64_t most = bytes_of_pixel * std::min(options.max_pixels, image::most_pixels) + more;
  const std::int64_t usual = bytes_of_pixel * DecodeOptions{}.max_pixels + more;
  return most <= usual ? most : std::clamp(image::free_memory(), usual, most);
}

void check_head(std::span<const std::byte> head) { static_cast<void>(image::decoder_of(head)); }

Image decode(std::span<const std::byte> bytes, const DecodeOptions& options) try {
  image::Decoded decoded = image::decoder_of(bytes)(bytes, options);
  if (!options.apply_orientation) return std::move(decoded.picture);
  return image::oriented(std::move(decoded.picture), decoded.orientation);
} catch (const std::bad_alloc&) {
  throw ImageError(RowStatus::too_large, "not enough memory for this picture");
} catch (const std::length_error&) {
  throw ImageError(RowStatus::too_large, "not enough memory for this picture");
}

}  // namespace pool3

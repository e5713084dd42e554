#pragma once
// Pictures in formats that are not read, by the endings of their names. Private to the room.

#include <algorithm>
#include <array>
#include <string_view>

#include "corpus/file_names.hpp"

namespace pool3::corpus {

struct UnreadKind {
  std::string_view name;
  std::string_view endings;    ///< in lower case, a blank between them
  std::string_view converter;  ///< what makes a picture of it that is read
};

inline constexpr std::array unread_kinds = {
    UnreadKind{"HEIC", ".heic .heif .hif", "heif-convert A.heic A.jpg"},
    UnreadKind{"AVIF", ".avif", "avifdec A.avif A.png"},
    UnreadKind{"JPEG XL", ".jxl", "djxl A.jxl A.png"},
    UnreadKind{"JPEG 2000", ".jp2 .j2k .jpx .jpf", "opj_decompress -i A.jp2 -o A.png"},
    UnreadKind{"JPEG XR", ".jxr .wdp .hdp", "JxrDecApp -i A.jxr -o A.bmp"},
    UnreadKind{"SVG", ".svg .svgz", "rsvg-convert A.svg -o A.png"},
    UnreadKind{"PDF", ".pdf", "pdftoppm -png A.pdf A, a picture a page"},
    UnreadKind{"raw data of cameras", ".dng .cr2 .cr3 .nef .arw .orf .raf .rw2 .pef .srw .x3f",
               "dcraw_emu -w -T A.nef (LibRaw), a TIFF"},
    UnreadKind{"Photoshop's PSD", ".psd .psb", "convert 'A.psd[0]' A.png (ImageMagick)"},
    UnreadKind{"GIMP's XCF", ".xcf", "xcf2png A.xcf -o A.png"},
    UnreadKind{"a rare format", ".cur .dds .pcx .qoi .exr .hdr .eps .jng .mng .sgi .xpm .xbm .pfm",
               "convert A.dds A.png (ImageMagick)"},
};

/// The kind that ends so; null if it is none.
[[nodiscard]] inline const UnreadKind* unread_kind(std::string_view ending) {
  const auto is_it = [&](const UnreadKind& kind) {
    for (std::string_view rest = kind.endings; !rest.empty();) {
      const std::size_t end = std::min(rest.find(' '), rest.size());
      if (rest.substr(0, end) == ending) return true;
      rest.remove_prefix(std::min(end + 1, rest.size()));
    }
    return false;
  };
  const auto* const found = std::ranges::find_if(unread_kinds, is_it);
  return found == unread_kinds.end() ? nullptr : &*found;
}

/// True if it ends like the name of a picture in a format that is not read.
[[nodiscard]] inline bool is_unread_picture_name(std::string_view name) {
  return unread_kind(ending_of(name)) != nullptr;
}

}  // namespace pool3::corpus

#pragma once
// The picture formats: a new one is a file NAME.cpp here, its declaration, and a line of the table. Private to the
// room; callers use decode().

#include <array>
#include <cstddef>
#include <span>
#include <string>
#include <string_view>

#include "pool3/image.hpp"

namespace pool3::image {

using Bytes = std::span<const std::byte>;

/// What a decoder gives: the picture as stored, and how to turn it (EXIF's 1..8).
struct Decoded {
  Image picture;
  int orientation = 1;
};

/// Throws ImageError: corrupt, too_large, and unknown_format for a variety that is not read. Compares the header's size
/// with `max_pixels` before it takes memory.
using Decoder = Decoded(Bytes bytes, const DecodeOptions& options);
Decoder decode_jpeg;
Decoder decode_png;
Decoder decode_webp;
Decoder decode_gif;
Decoder decode_bmp;
Decoder decode_tiff;
Decoder decode_pnm;
Decoder decode_ico;
Decoder decode_tga;

/// True for a file that begins as TGA does, which has no bytes of its own there. Of files of no other format.
[[nodiscard]] bool is_tga(Bytes head);

/// A format is known by its bytes at `at`. `decoder` is null for one that is known by name only, for the message. Those
/// that begin as others do come first.
struct Format {
  std::string_view name;
  std::string_view magic;
  std::size_t at = 0;
  Decoder* decoder = nullptr;
};

/// "WEBP" follows RIFF's size. TIFF has either byte order; with '+', it is BigTIFF.
inline constexpr std::array formats = {
    Format{"Canon's CR2 (raw)", {"II*\0\x10\0\0\0CR", 10}},
    Format{"JPEG", "\xFF\xD8\xFF", 0, decode_jpeg},
    Format{"PNG", "\x89PNG", 0, decode_png},
    Format{"WebP", "WEBP", 8, decode_webp},
    Format{"GIF", "GIF87a", 0, decode_gif},
    Format{"GIF", "GIF89a", 0, decode_gif},
    Format{"BMP", "BM", 0, decode_bmp},
    Format{"TIFF", {"II*\0", 4}, 0, decode_tiff},
    Format{"TIFF", {"MM\0*", 4}, 0, decode_tiff},
    Format{"TIFF", {"II+\0", 4}, 0, decode_tiff},
    Format{"TIFF", {"MM\0+", 4}, 0, decode_tiff},
    Format{"PNM", "P1", 0, decode_pnm},
    Format{"PNM", "P2", 0, decode_pnm},
    Format{"PNM", "P3", 0, decode_pnm},
    Format{"PNM", "P4", 0, decode_pnm},
    Format{"PNM", "P5", 0, decode_pnm},
    Format{"PNM", "P6", 0, decode_pnm},
    Format{"TGA", {"\0\0\2\0\0\0\0\0", 8}, 0, decode_tga},
    Format{"TGA", {"\0\0\3\0\0\0\0\0", 8}, 0, decode_tga},
    Format{"TGA", {"\0\0\xA\0\0\0\0\0", 8}, 0, decode_tga},
    Format{"TGA", {"\0\0\xB\0\0\0\0\0", 8}, 0, decode_tga},
    Format{"TGA", {"\0\1\1\0\0", 5}, 0, decode_tga},
    Format{"TGA", {"\0\1\x9\0\0", 5}, 0, decode_tga},
    Format{"ICO", {"\0\0\1\0", 4}, 0, decode_ico},
    Format{"ICO", {"\0\0\2\0", 4}, 0, decode_ico},
    Format{"AVIF", "ftypavi", 4},
    Format{"HEIC", "ftyphei", 4},
    Format{"HEIC", "ftyphev", 4},
    Format{"HEIC", "ftypmif1", 4},
    Format{"HEIC", "ftypmsf1", 4},
    Format{"Canon's CR3 (raw)", "ftypcrx", 4},
    Format{"video", "ftyp", 4},
    Format{"video", "\x1A\x45\xDF\xA3"},
    Format{"video", {"\0\0\1\xBA", 4}},
    Format{"video", "AVI ", 8},
    Format{"JPEG XL", "\xFF\x0A"},
    Format{"JPEG XL", "JXL ", 4},
    Format{"JPEG 2000", "jP  ", 4},
    Format{"JPEG 2000", {"\xFF\x4F\xFF\x51", 4}},
    Format{"JPEG XR", "II\xBC"},
    Format{"Olympus's ORF (raw)", "IIRO"},
    Format{"Olympus's ORF (raw)", "IIRS"},
    Format{"Olympus's ORF (raw)", "MMOR"},
    Format{"Panasonic's RW2 (raw)", {"IIU\0", 4}},
    Format{"Fujifilm's RAF (raw)", "FUJIFILMCCD-RAW"},
    Format{"Sigma's X3F (raw)", "FOVb"},
    Format{"Minolta's MRW (raw)", {"\0MRM", 4}},
    Format{"Photoshop's PSD", "8BPS"},
    Format{"macOS icon", "icns"},
    Format{"DirectDraw texture", "DDS "},
    Format{"Khronos texture", "\xABKTX"},
    Format{"PAM", "P7\n"},
    Format{"portable float map", "PF\n"},
    Format{"portable float map", "Pf\n"},
    Format{"OpenEXR", "\x76\x2F\x31\x01"},
    Format{"Radiance HDR", "#?RADIANCE"},
    Format{"GIMP's XCF", "gimp xcf"},
    Format{"DICOM", "DICM", 128},
    Format{"FITS", "SIMPLE  ="},
    Format{"QOI", "qoif"},
    Format{"FLIF", "FLIF"},
    Format{"BPG", "BPG\xFB"},
    Format{"MNG", "\x8AMNG"},
    Format{"JNG", "\x8BJNG"},
    Format{"PCX", {"\x0A\5\1", 3}},
    Format{"SGI picture", {"\x01\xDA\0", 3}},
    Format{"SGI picture", {"\x01\xDA\1", 3}},
    Format{"Sun raster", "\x59\xA6\x6A\x95"},
    Format{"X11 pixmap", "/* XPM */"},
    Format{"X11 bitmap", "#define "},
    Format{"Windows metafile", "\xD7\xCD\xC6\x9A"},
    Format{"Windows metafile", " EMF", 40},
    Format{"ImageMagick's MIFF", "id=ImageMagick"},
    Format{"PDF", "%PDF-"},
    Format{"PostScript", "%!PS"},
    Format{"zip", {"PK\3\4", 4}},
    Format{"gzip", "\x1F\x8B"},
    Format{"bzip2", "BZh"},
    Format{"xz",
           "\xFD"
           "7zXZ"},
    Format{"zstd", "\x28\xB5\x2F\xFD"},
    Format{"7z", "7z\xBC\xAF"},
    Format{"RAR", "Rar!"},
    Format{"HDF5", "\x89HDF"},
    Format{"NumPy", "\x93NUMPY"},
    Format{"Parquet", "PAR1"},
    Format{"macOS's notes on another file (AppleDouble)", {"\0\5\x16\7", 4}},
    Format{"Microsoft's compound file (Thumbs.db, old Office)", "\xD0\xCF\x11\xE0"},
    Format{"Git LFS pointer (git lfs pull fetches the picture)", "version https://git-lfs"}};

/// In words, what a file of no known format is. Of its bytes the first 64 are looked at. REQUIRES: there is one.
[[nodiscard]] std::string words_of_unknown(Bytes bytes);

}  // namespace pool3::image
